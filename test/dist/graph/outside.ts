import type { Labels, Port } from './pods';

/** Pods that somebody else deploys and ours may call. */
export interface OutsidePods {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly Port[];
  /** Their address, if they are on the node's network. @default - one of the pod network */
  readonly nodeAddress?: string;
  /** The Service in front of them. */
  readonly service?: { readonly name: string; readonly port: number };
  /** They have `prometheus.io/scrape` annotations. @default false */
  readonly asksToBeScraped?: boolean;
  /** Whose NetworkPolicy admits us. */
  readonly admission: 'ours' | 'theirs';
}

/** Namespace of the application. Its own manifests deny everything by default. */
export const APPLICATION_NAMESPACE = 'sightedit';

/** Namespaces of every cluster that we use. */
export const SYSTEM_NAMESPACES = ['default', 'kube-system'];

/** The Secret that the operator creates from `.env`. */
export const CREDENTIALS_SECRET = 'sightedit-monitoring-credentials';

/** The cluster's DNS and, in clusters that have it, its cache on every node. */
export const DNS_PODS: readonly OutsidePods[] = [
  { app: 'kube-dns' },
  // Its DaemonSet has `hostNetwork: true` and listens on this address, which is outside the ranges of nodes.
  { app: 'node-local-dns', nodeAddress: '169.254.20.10/32' },
].map(({ app, nodeAddress }) => ({
  name: `${app} pods`,
  namespace: 'kube-system',
  labels: { 'k8s-app': app },
  ports: ['UDP', 'TCP'].map((protocol) => ({ port: 53, protocol })),
  nodeAddress,
  admission: 'theirs',
}));

/**
 * The application, with the labels of its own manifests, and the cluster's DNS. Written here and not taken from the
 * program, so that a mistake there does not confirm itself.
 */
export const OUTSIDE_PODS: readonly OutsidePods[] = [
  {
    name: 'backend pods of SightEdit',
    namespace: APPLICATION_NAMESPACE,
    labels: { 'app.kubernetes.io/name': 'sightedit', 'app.kubernetes.io/component': 'backend' },
    ports: [{ name: 'http', port: 3000, protocol: 'TCP' }],
    service: { name: 'sightedit-backend-service', port: 3000 },
    asksToBeScraped: true,
    admission: 'ours',
  },
  {
    name: 'PostgreSQL pods of SightEdit',
    namespace: APPLICATION_NAMESPACE,
    labels: { 'app.kubernetes.io/name': 'postgres' },
    ports: [{ port: 5432, protocol: 'TCP' }],
    service: { name: 'postgres', port: 5432 },
    admission: 'ours',
  },
  {
    name: 'Redis pods of SightEdit',
    namespace: APPLICATION_NAMESPACE,
    labels: { 'app.kubernetes.io/name': 'redis' },
    ports: [{ port: 6379, protocol: 'TCP' }],
    service: { name: 'redis-service', port: 6379 },
    admission: 'ours',
  },
  ...DNS_PODS,
];

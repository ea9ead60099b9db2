import { join } from 'node:path';
import { KubernetesClient } from '../../remediation/kubernetes';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { ROOT } from '../../tools/catalogue';
import { describeKubernetesFacts } from '../support/kubernetes-facts';

/** Fast tests ask the API in memory for the same facts. */
describe('In a real API server', () => {
  const NAMESPACE = 'facts';
  let kubernetes: Kubernetes;
  let client: KubernetesClient;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await makeNamespace(kubernetes, NAMESPACE);
    await kubernetes.kubectl('apply', '--filename', join(ROOT, 'imports', 'crds', 'remediation.yaml'));
    await kubernetes.kubectl('wait', '--for=condition=Established', 'crd/remediations.monitoring.sightedit.com');
    client = new KubernetesClient(kubernetes.connection);
  });
  afterAll(async () => {
    client?.close();
    await kubernetes?.stop();
  });

  describeKubernetesFacts(() => client, NAMESPACE);
});

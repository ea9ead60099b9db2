import type { Chart } from 'cdk8s';
import { checkCidrs, checkCount, checkName, checkNamespace, checkPort, checkPortName, checkQuantity } from './checks';
import type { ComponentProps } from './component';
import { SettingError } from './errors';
import { hostOf, storageOf } from './workload';

/**
 * Checks what describes a component.
 *
 * @throws SettingError
 */
export function checkComponent({ name, ports, workload, apiCidrs }: ComponentProps): void {
  checkName('name', name);
  if (Object.keys(ports).length === 0) {
    throw new SettingError('ports', ports, 'name a port: a Service has at least one');
  }
  for (const [portName, { port }] of Object.entries(ports)) {
    checkPortName('ports', portName);
    checkPort(`ports.${portName}.port`, port);
  }
  if (workload.kind !== 'DaemonSet') {
    checkCount('workload.replicas', workload.replicas);
  }
  const storage = storageOf(workload);
  if (storage) {
    checkQuantity('workload.storage.size', storage.size, '50Gi');
  }
  checkCidrs('apiCidrs', apiCidrs);
  checkCidrs('workload.host.nodeCidrs', hostOf(workload)?.nodeCidrs);
}

/**
 * The namespace of a chart's objects. The NetworkPolicies and addresses of components name it, so it must be known.
 *
 * @throws SettingError for a chart without one
 */
export function namespaceOf(chart: Chart): string {
  const { namespace } = chart;
  if (namespace === undefined) {
    throw new SettingError(
      'namespace',
      namespace,
      `name the namespace of chart ${chart.node.id}: new Chart(scope, '${chart.node.id}', { namespace: 'monitoring' })`,
    );
  }
  checkNamespace('namespace', namespace);
  return namespace;
}

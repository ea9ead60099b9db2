import type { Chart } from 'cdk8s';
import {
  checkCidrs,
  checkCount,
  checkName,
  checkNamespace,
  checkObjectName,
  checkPort,
  checkPortName,
  checkQuantity,
} from './checks';
import { SettingError } from './errors';
import type { PodPort } from './network';
import { existingClaimOf, hostOf, isReplicated, storageOf, type Workload } from './workload';

/** The props that are checked. */
export interface CheckedComponent {
  readonly name: string;
  readonly ports: { readonly [name: string]: PodPort };
  readonly workload: Workload;
  readonly apiCidrs?: readonly string[];
}

/**
 * Checks what describes a component.
 *
 * @throws SettingError
 */
export function checkComponent({ name, ports, workload, apiCidrs }: CheckedComponent): void {
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
    const existing = existingClaimOf(storage);
    if (existing !== undefined) {
      checkObjectName('workload.storage.volume.existingClaim', existing);
      if (isReplicated(workload)) {
        const fix = 'several replicas would write to the same files: run one replica';
        throw new SettingError('workload.storage.volume.existingClaim', existing, fix);
      }
    }
    // An empty name stands for a volume without a class.
    if (storage.storageClass) {
      checkObjectName('storageClass', storage.storageClass);
    }
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

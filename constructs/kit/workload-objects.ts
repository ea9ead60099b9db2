import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Labels } from './labels';
import { claimSpec, DATA_VOLUME } from './pod-template';
import { headlessName } from './services';
import { StatefulSet } from './stateful-set';
import { isReplicated, type Workload } from './workload';

export interface WorkloadObjectsProps {
  readonly name: string;
  readonly labels: Labels;
  /** Labels that select the pods. */
  readonly selector: Labels;
  readonly workload: Workload;
  readonly template: k8s.PodTemplateSpec;
}

/** The Deployment, StatefulSet or DaemonSet that runs the pods, with the claim on its volume. */
export function addWorkload(scope: Construct, props: WorkloadObjectsProps): void {
  const { name, labels, workload, template } = props;
  const metadata = { name, labels };
  const common = { selector: { matchLabels: { ...props.selector } }, template };
  switch (workload.kind) {
    case 'Deployment':
      new k8s.KubeDeployment(scope, 'deployment', {
        metadata,
        spec: {
          ...common,
          replicas: workload.replicas,
          // The old pod must release the volume before the new one can mount it.
          strategy: workload.storage ? { type: 'Recreate' } : undefined,
        },
      });
      if (workload.storage) {
        new k8s.KubePersistentVolumeClaim(scope, 'data', { metadata, spec: claimSpec(workload.storage) });
      }
      break;
    case 'StatefulSet':
      new StatefulSet(scope, 'stateful-set', {
        metadata,
        spec: {
          ...common,
          replicas: workload.replicas,
          serviceName: headlessName(name),
          podManagementPolicy: 'Parallel',
          volumeClaimTemplates: [{ metadata: { name: DATA_VOLUME }, spec: claimSpec(workload.storage) }],
        },
      });
      break;
    case 'DaemonSet':
      new k8s.KubeDaemonSet(scope, 'daemon-set', { metadata, spec: common });
      break;
  }
}

/** A PodDisruptionBudget, for more than one replica: with a single one it would make its node impossible to drain. */
export function addDisruptionBudget(scope: Construct, props: Omit<WorkloadObjectsProps, 'template'>): void {
  if (isReplicated(props.workload)) {
    new k8s.KubePodDisruptionBudget(scope, 'disruption-budget', {
      metadata: { name: props.name, labels: props.labels },
      spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: { ...props.selector } } },
    });
  }
}

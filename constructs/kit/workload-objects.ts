import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Labels } from './labels';
import { patchable } from './patch';
import { headlessName } from './services';
import { StatefulSet } from './stateful-set';
import { claimSpec, DATA_VOLUME } from './volumes';
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
export function addWorkload(scope: Construct, props: WorkloadObjectsProps): ApiObject {
  const { name, labels, workload, template } = props;
  const metadata = { name, labels };
  const common = { selector: { matchLabels: { ...props.selector } }, template };
  switch (workload.kind) {
    case 'Deployment':
      return addDeployment(scope, props, workload);
    case 'StatefulSet':
      return patchable(
        new StatefulSet(scope, 'stateful-set', {
          metadata,
          spec: {
            ...common,
            replicas: workload.replicas,
            serviceName: headlessName(name),
            podManagementPolicy: 'Parallel',
            volumeClaimTemplates: [{ metadata: { name: DATA_VOLUME }, spec: claimSpec(workload.storage) }],
          },
        }),
      );
    case 'DaemonSet':
      return patchable(new k8s.KubeDaemonSet(scope, 'daemon-set', { metadata, spec: common }));
  }
}

function addDeployment(
  scope: Construct,
  { name, labels, selector, template }: WorkloadObjectsProps,
  { replicas, storage }: Extract<Workload, { kind: 'Deployment' }>,
): ApiObject {
  const metadata = { name, labels };
  if (storage) {
    // Before the Deployment: the scheduler would report pods whose claim does not exist yet.
    patchable(new k8s.KubePersistentVolumeClaim(scope, 'data', { metadata, spec: claimSpec(storage) }));
  }
  const deployment = new k8s.KubeDeployment(scope, 'deployment', {
    metadata,
    spec: {
      selector: { matchLabels: { ...selector } },
      template,
      replicas,
      // The old pod must release the volume before the new one can mount it.
      strategy: storage ? { type: 'Recreate' } : undefined,
    },
  });
  return patchable(deployment);
}

/** A PodDisruptionBudget, for more than one replica: with a single one it would make its node impossible to drain. */
export function addDisruptionBudget(scope: Construct, props: Omit<WorkloadObjectsProps, 'template'>): void {
  if (isReplicated(props.workload)) {
    patchable(
      new k8s.KubePodDisruptionBudget(scope, 'disruption-budget', {
        metadata: { name: props.name, labels: props.labels },
        spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: { ...props.selector } } },
      }),
    );
  }
}

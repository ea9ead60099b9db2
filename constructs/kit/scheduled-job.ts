import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { networkOf } from './cluster-network';
import { namespaceOf } from './component-checks';
import type { Connection, Endpoint } from './endpoint';
import { imageOf, imageVersion } from './images';
import { componentLabels, selectorLabels } from './labels';
import type { Mount } from './mount';
import type { Pods } from './network';
import { patchable } from './patch';
import { PatchableConstruct } from './patchable-construct';
import { PodNetworkPolicy } from './pod-network-policy';
import { type PodProps, podTemplate } from './pod-template';
import { addServiceAccount } from './service-account';

/** Props of `ScheduledJob`. */
export interface ScheduledJobProps
  extends Pick<PodProps, 'name' | 'image' | 'resources' | 'args' | 'env' | 'mounts' | 'user'> {
  /** When it runs, as cron writes it, in UTC. */
  readonly schedule: string;
  /** Whether a failed container is started again in its pod, or in a new one. */
  readonly restartPolicy: 'OnFailure' | 'Never';
  /** How often it is started again before the run has failed. */
  readonly backoffLimit: number;
  /** Seconds after which a run is ended. */
  readonly deadlineSeconds: number;
}

/**
 * A CronJob that runs one program to its end, with its ServiceAccount, which has no rights, and its NetworkPolicy, which
 * denies everything but DNS. Nothing connects to it, so it has no ports.
 */
export class ScheduledJob extends PatchableConstruct {
  private readonly pods: Pods;
  private readonly policy: PodNetworkPolicy;
  private readonly args: string[];
  private readonly mounts: Mount[];

  constructor(scope: Construct, id: string, props: ScheduledJobProps) {
    super(scope, id);
    const { name, schedule, restartPolicy, backoffLimit, deadlineSeconds, env = [] } = props;
    const args = [...(props.args ?? [])];
    const mounts = [...(props.mounts ?? [])];
    this.args = args;
    this.mounts = mounts;
    const chart = Chart.of(this);
    const image = imageOf(this, props.image);
    const labels = { ...chart.labels, ...componentLabels(name, imageVersion(image)) };
    addServiceAccount(this, { name, labels });
    this.pods = { namespace: namespaceOf(chart), labels: selectorLabels(name) };
    this.policy = new PodNetworkPolicy(this, 'network-policy', { name, labels, pods: this.pods });
    // One pod, which the scheduler places like a Deployment's.
    const pod: PodProps = { ...props, image, workload: { kind: 'Deployment', replicas: 1 }, ports: {} };
    const { metadata, spec } = podTemplate(this, pod, labels, {
      args,
      env,
      mounts,
      sysctls: [],
      usesKubernetesApi: false,
    });
    patchable(
      new k8s.KubeCronJob(this, 'cron-job', {
        metadata: { name, labels },
        spec: {
          schedule,
          timeZone: 'Etc/UTC',
          // A slow run must not meet the next one.
          concurrencyPolicy: 'Forbid',
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            spec: {
              backoffLimit,
              activeDeadlineSeconds: deadlineSeconds,
              template: { metadata, spec: { ...spec!, restartPolicy } },
            },
          },
        },
      }),
    );
  }

  /** Adds arguments of the container. */
  addArgs(...args: readonly string[]): void {
    this.args.push(...args);
  }

  /** Adds a volume and where it is mounted. */
  addMount(mount: Mount): void {
    this.mounts.push(mount);
  }

  /**
   * Writes both sides of the NetworkPolicy and returns the address of the endpoint.
   *
   * @throws SettingError for an endpoint of another cluster
   */
  connectTo(endpoint: Endpoint): Connection {
    endpoint.checkCluster(this);
    const { connection, egress } = endpoint.connect(this.pods, networkOf(this));
    this.policy.addEgress(egress, endpoint.entities);
    return connection;
  }
}

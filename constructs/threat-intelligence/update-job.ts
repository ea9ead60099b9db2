import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  type Connection,
  type Endpoint,
  imageOf,
  images,
  imageVersion,
  type Mount,
  type Pods,
  patchable,
  SettingError,
} from '../kit';
import { networkOf } from '../kit/cluster-network';
import { namespaceOf } from '../kit/component-checks';
import { componentLabels, selectorLabels } from '../kit/labels';
import { PatchableConstruct } from '../kit/patchable-construct';
import { PodNetworkPolicy } from '../kit/pod-network-policy';
import { podTemplate } from '../kit/pod-template';
import { addServiceAccount } from '../kit/service-account';

/** A CronJob that runs one program to its end. */
export interface UpdateJobProps {
  readonly name: string;
  readonly schedule: string;
  readonly args: readonly string[];
  readonly user: number;
  readonly mounts: readonly Mount[];
}

/** Five fields of cron, or a macro such as `@hourly`. Kubernetes checks the numbers. */
const SCHEDULE = /^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|[\d*,/\-A-Za-z?]+( [\d*,/\-A-Za-z?]+){4})$/;

/** Time for all feeds together, and half the shortest usual interval. */
const DEADLINE_SECONDS = 900;

/** The CronJob with its ServiceAccount, which has no rights, and its NetworkPolicy. */
export class UpdateJob extends PatchableConstruct {
  private readonly pods: Pods;
  private readonly policy: PodNetworkPolicy;

  /** @throws SettingError for a schedule that is none */
  constructor(scope: Construct, id: string, { name, schedule, args, user, mounts }: UpdateJobProps) {
    super(scope, id);
    if (!SCHEDULE.test(schedule)) {
      throw new SettingError('schedule', schedule, "write a schedule of cron, e.g. '17 * * * *' for every hour");
    }
    const chart = Chart.of(this);
    const image = imageOf(this, images.node);
    const labels = { ...chart.labels, ...componentLabels(name, imageVersion(image)) };
    addServiceAccount(this, { name, labels });
    this.pods = { namespace: namespaceOf(chart), labels: selectorLabels(name) };
    this.policy = new PodNetworkPolicy(this, 'network-policy', { name, labels, pods: this.pods });
    const { spec, metadata } = podTemplate(
      this,
      {
        name,
        image,
        workload: { kind: 'Deployment', replicas: 1 },
        ports: {},
        user,
        resources: { cpu: '25m', memory: '256Mi' },
      },
      labels,
      { args, env: [], mounts, sysctls: [], usesKubernetesApi: false },
    );
    patchable(
      new k8s.KubeCronJob(this, 'cron-job', {
        metadata: { name, labels },
        spec: {
          schedule,
          timeZone: 'Etc/UTC',
          // A slow feed must not meet the next run.
          concurrencyPolicy: 'Forbid',
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            spec: {
              backoffLimit: 1,
              activeDeadlineSeconds: DEADLINE_SECONDS,
              template: { metadata, spec: { ...spec!, restartPolicy: 'Never' } },
            },
          },
        },
      }),
    );
  }

  /** Writes both sides of the NetworkPolicy and returns the address of the endpoint. */
  connectTo(endpoint: Endpoint): Connection {
    endpoint.checkCluster(this);
    const { connection, egress } = endpoint.connect(this.pods, networkOf(this));
    this.policy.addEgress(egress, endpoint.entities);
    return connection;
  }
}

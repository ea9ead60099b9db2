import { DAY, HOUR, MINUTE, random, traffic } from './calendar';
import { PLATFORM, type Workload, workloadsOf } from './workloads';

/** A node of the cluster; times in seconds of Unix time. */
export interface Node {
  readonly name: string;
  readonly born: number;
  /** When it is cordoned and drained, to be replaced. */
  readonly cordoned: number;
  /** When its kubelet stops. */
  readonly stopped: number;
  /** When its object is deleted. */
  readonly gone: number;
  readonly isDedicated: boolean;
  readonly zone: string;
}

/** A pod of the cluster; times in seconds of Unix time. */
export interface Pod {
  readonly name: string;
  readonly workload: Workload;
  readonly revision: number;
  readonly node: Node;
  readonly born: number;
  readonly ready: number;
  gone: number;
}

/** What a workload is at one minute. */
export interface WorkloadStatus {
  readonly desired: number;
  readonly ready: number;
  readonly updated: number;
  readonly revision: number;
  readonly total: number;
}

/** Pods that fit on a node. */
const PODS_PER_NODE = 12;
/** A node lives for about a week. */
const NODE_DAYS = 7;
const DRAIN_SECONDS = 10 * MINUTE;

/**
 * The nodes and pods of a healthy cluster in a month: a deployment every hour, autoscaling, and every node replaced
 * once a week. It follows the controllers of Kubernetes, minute by minute.
 */
export class Cluster {
  readonly nodes: Node[] = [];
  readonly pods: Pod[] = [];
  readonly workloads: readonly Workload[];
  private readonly statuses = new Map<Workload, WorkloadStatus[]>();
  private readonly live = new Map<Workload, Pod[]>();
  private readonly revisions = new Map<Workload, number>();
  private readonly targets = new Map<Workload, { replicas: number; lowered: number }>();
  private count = 0;

  /** @param size number of the application's pods at the highest traffic */
  constructor(
    size: number,
    private readonly start: number,
    private readonly end: number,
  ) {
    this.workloads = workloadsOf(size);
    this.addNodes(size);
    for (let time = start; time < end; time += MINUTE) {
      this.reconcile(time);
    }
  }

  /** State of a workload at a time. */
  statusOf(workload: Workload, time: number): WorkloadStatus {
    const all = this.statuses.get(workload)!;
    return all[Math.min(all.length - 1, Math.floor((time - this.start) / MINUTE))]!;
  }

  private addNodes(size: number): void {
    const rotating = Math.max(3, Math.ceil((size + 25) / PODS_PER_NODE));
    for (let slot = 0; slot < rotating; slot++) {
      // The first generation is replaced over the first week, one node after the other.
      let next = this.start + ((slot + 0.5) / rotating) * NODE_DAYS * DAY + 2 * HOUR;
      let born = this.start - 30 * DAY;
      for (let generation = 0; born < this.end; generation++) {
        const cordoned = Math.floor(next / MINUTE) * MINUTE;
        const stopped = cordoned + DRAIN_SECONDS;
        this.nodes.push({
          name: `node-${slot}-${generation}`,
          born,
          cordoned,
          stopped,
          // Until the cloud's controller deletes the node, it is not ready.
          gone: stopped + 2 * MINUTE,
          isDedicated: false,
          zone: zoneOf(slot),
        });
        born = cordoned - 3 * MINUTE;
        next += NODE_DAYS * DAY;
      }
    }
    // The control plane and the databases have nodes of their own, which are not replaced this month.
    for (let index = 0; index < 3; index++) {
      const never = Number.POSITIVE_INFINITY;
      this.nodes.push({
        name: `control-plane-${index}`,
        born: this.start - 60 * DAY,
        cordoned: never,
        stopped: never,
        gone: never,
        isDedicated: true,
        zone: zoneOf(index),
      });
    }
  }

  private reconcile(time: number): void {
    const minute = Math.round((time - this.start) / MINUTE);
    const rolled = this.workloads.filter(({ kind, namespace }) => kind === 'Deployment' && namespace !== PLATFORM);
    for (const workload of this.workloads) {
      const isRolled = minute % 60 === 20 && rolled[Math.floor(minute / 60) % rolled.length] === workload;
      // The platform's pods get a new version once a week.
      const isUpgraded = workload.namespace === PLATFORM && minute % (7 * 1440) === 2 * 1440 + 600;
      const revision = (this.revisions.get(workload) ?? 1) + (isRolled || isUpgraded ? 1 : 0);
      this.revisions.set(workload, revision);
      const desired = this.desiredOf(workload, time);
      const live = (this.live.get(workload) ?? []).filter(({ gone }) => gone > time);
      this.live.set(workload, live);
      workload.kind === 'Deployment'
        ? this.rollDeployment(workload, live, desired, revision, time)
        : this.rollStatefulSet(workload, live, desired, revision, time);
      const now = live.filter(({ gone }) => gone > time);
      const all = this.statuses.get(workload) ?? [];
      this.statuses.set(workload, all);
      all.push({
        desired,
        ready: now.filter(({ ready }) => ready <= time).length,
        updated: now.filter((pod) => pod.revision === revision).length,
        revision,
        total: now.length,
      });
    }
  }

  /** The autoscaler follows the traffic; it lowers the number only after five minutes. */
  private desiredOf(workload: Workload, time: number): number {
    const { min, max } = workload;
    if (min === max) {
      return min;
    }
    const target = this.targets.get(workload) ?? { replicas: min, lowered: time };
    // At the highest traffic, a fifth of the maximum is left.
    const wanted = Math.min(max, Math.max(min, Math.ceil(max * 0.8 * traffic(time))));
    if (wanted >= target.replicas) {
      target.lowered = time;
    }
    if (wanted > target.replicas || time - target.lowered >= 5 * MINUTE) {
      target.replicas = wanted;
      target.lowered = time;
    }
    this.targets.set(workload, target);
    return target.replicas;
  }

  private rollDeployment(workload: Workload, live: Pod[], desired: number, revision: number, time: number): void {
    const surge = Math.max(1, Math.ceil(desired * 0.25));
    const isCurrent = (pod: Pod) => pod.revision === revision;
    const missing = Math.min(desired - live.filter(isCurrent).length, desired + surge - live.length);
    for (let count = 0; count < missing; count++) {
      live.push(this.create(workload, revision, time, `${hashOf(workload, revision)}-${suffixOf(++this.count)}`));
    }
    let ready = live.filter((pod) => pod.ready <= time).length;
    const stop = (pod: Pod) => {
      pod.gone = time;
      ready -= pod.ready <= time ? 1 : 0;
    };
    for (const pod of live.filter((candidate) => !isCurrent(candidate) && candidate.gone > time)) {
      if (ready > desired || pod.ready > time) {
        stop(pod);
      }
    }
    const current = live.filter(({ gone }) => gone > time);
    for (const pod of current.slice(0, Math.max(0, current.length - desired - surge))) {
      stop(pod);
    }
    if (current.every(isCurrent)) {
      for (const pod of current.slice(0, Math.max(0, ready - desired))) {
        stop(pod);
      }
    }
    this.drain(live, desired, ready, time);
  }

  private rollStatefulSet(workload: Workload, live: Pod[], desired: number, revision: number, time: number): void {
    for (let ordinal = 0; ordinal < desired; ordinal++) {
      const name = `${workload.name}-${ordinal}`;
      if (!live.some((pod) => pod.name === name && pod.gone > time)) {
        live.push(this.create(workload, revision, time, name));
      }
    }
    const ready = live.filter((pod) => pod.ready <= time && pod.gone > time).length;
    const old = live.findLast((pod) => pod.revision !== revision && pod.gone > time);
    if (old && ready === desired) {
      old.gone = time;
      return;
    }
    this.drain(live, desired, ready, time);
  }

  /** Evicts one pod from each drained node, as long as the disruption budget allows it. */
  private drain(live: readonly Pod[], desired: number, ready: number, time: number): void {
    let allowed = ready - Math.max(0, desired - 1);
    for (const pod of live) {
      if (allowed > 0 && pod.gone > time && pod.node.cordoned <= time) {
        pod.gone = time;
        allowed--;
      }
    }
  }

  private create(workload: Workload, revision: number, time: number, name: string): Pod {
    const start = time === this.start ? this.start - DAY : time;
    const usable = this.nodes.filter(
      (node) => !node.isDedicated && node.born + 2 * MINUTE <= time && node.cordoned > time,
    );
    const pod: Pod = {
      name: workload.kind === 'Deployment' ? `${workload.name}-${name}` : name,
      workload,
      revision,
      node: usable[Math.floor(random(name, time) * usable.length)]!,
      born: start,
      ready: time === this.start ? start : time + workload.startSeconds,
      gone: Number.POSITIVE_INFINITY,
    };
    this.pods.push(pod);
    return pod;
  }
}

export function hashOf({ name }: Workload, revision: number): string {
  return Math.floor(random(name, revision) * 2 ** 32).toString(16);
}

function suffixOf(count: number): string {
  return count.toString(36).padStart(5, '0');
}

function zoneOf(index: number): string {
  return `zone-${'abc'[index % 3]}`;
}

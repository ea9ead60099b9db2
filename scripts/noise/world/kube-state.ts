import type { Labels } from '../alert-state';
import { DAY, HOUR, MINUTE, START } from './calendar';
import { type Cluster, hashOf, type Node, type Pod } from './cluster';
import { keptByTime, Target, type WorldSeries } from './series';
import { PLATFORM, type Workload } from './workloads';

const MIB = 2 ** 20;

/** What kube-state-metrics exposes. Its one pod moves with its node; then every series pauses for a minute. */
export function kubeStateSeries(cluster: Cluster, start: number, end: number): readonly WorldSeries[] {
  const own = cluster.pods.filter(({ workload }) => workload.name === 'kube-state-metrics');
  const answers = keptByTime((time: number) => own.some(({ ready, gone }) => ready <= time && time < gone));
  const series = [
    ...cluster.nodes.flatMap(nodeObject),
    ...cluster.pods.flatMap(podObject),
    ...cluster.workloads.flatMap((workload) => workloadObjects(cluster, workload)),
    ...jobs(start, end),
    ...cluster.pods.filter(({ workload }) => workload.kind === 'StatefulSet').flatMap((pod) => claimOf(pod)),
    ...quota(cluster),
  ];
  return series.map((one) => ({ ...one, at: (time) => (answers(time) ? one.at(time) : undefined) }));
}

function target(from?: number, to?: number): Target {
  return new Target({ job: 'kube-state-metrics', instance: 'kube-state-metrics:8080' }, from, to);
}

function nodeObject({ name, born, cordoned, stopped, gone, zone }: Node): readonly WorldSeries[] {
  const node = { node: name };
  const all = target(born, gone)
    .gauge('kube_node_info', 1, { ...node, kubelet_version: 'v1.34.1', os_image: 'Linux' })
    .gauge('kube_node_labels', 1, { ...node, label_topology_kubernetes_io_zone: zone })
    .gauge('kube_node_spec_unschedulable', (time) => (time >= cordoned ? 1 : 0), node);
  for (const [resource, value] of [
    ['cpu', 4],
    ['memory', 16 * 2 ** 30],
    ['pods', 58],
  ] as const) {
    all.gauge('kube_node_status_allocatable', value, { ...node, resource });
  }
  const isReady = (time: number) => time < stopped && time >= born + MINUTE;
  for (const condition of ['Ready', 'DiskPressure', 'MemoryPressure', 'PIDPressure', 'NetworkUnavailable']) {
    const isTrue = (time: number) => condition === 'Ready' && isReady(time);
    const isUnknown = (time: number) => time >= stopped;
    all
      .gauge('kube_node_status_condition', (time) => (isTrue(time) ? 1 : 0), { ...node, condition, status: 'true' })
      .gauge('kube_node_status_condition', (time) => (isTrue(time) || isUnknown(time) ? 0 : 1), {
        ...node,
        condition,
        status: 'false',
      })
      .gauge('kube_node_status_condition', (time) => (isUnknown(time) ? 1 : 0), {
        ...node,
        condition,
        status: 'unknown',
      });
  }
  if (Number.isFinite(cordoned)) {
    all.gauge('kube_node_spec_taint', (time) => (time >= cordoned ? 1 : undefined), {
      ...node,
      key: 'node.kubernetes.io/unschedulable',
      effect: 'NoSchedule',
    });
  } else if (name.startsWith('control-plane')) {
    all.gauge('kube_node_spec_taint', 1, {
      ...node,
      key: 'node-role.kubernetes.io/control-plane',
      effect: 'NoSchedule',
    });
  }
  return all.series;
}

function podObject(pod: Pod): readonly WorldSeries[] {
  const { namespace, component, kind, name } = pod.workload;
  const labels = { namespace, pod: pod.name, uid: `uid-${pod.name}` };
  const node = { node: pod.node.name };
  const container = { ...labels, container: component };
  const isReady = (time: number) => time >= pod.ready;
  const owner =
    kind === 'Deployment'
      ? { owner_kind: 'ReplicaSet', owner_name: `${name}-${hashOf(pod.workload, pod.revision)}` }
      : { owner_kind: 'StatefulSet', owner_name: name };
  const all = target(pod.born, pod.gone)
    .gauge('kube_pod_owner', 1, { ...labels, ...owner, owner_is_controller: 'true' })
    .gauge('kube_pod_info', 1, {
      ...labels,
      ...node,
      created_by_kind: owner.owner_kind,
      created_by_name: owner.owner_name,
    })
    .gauge('kube_pod_start_time', pod.born, labels)
    .gauge('kube_pod_status_scheduled', 0, { ...labels, condition: 'false' })
    .gauge('kube_pod_status_ready', (time) => (isReady(time) ? 1 : 0), { ...labels, condition: 'true' })
    .gauge('kube_pod_status_phase', (time) => (isReady(time) ? 0 : 1), { ...labels, phase: 'Pending' })
    .gauge('kube_pod_status_phase', (time) => (isReady(time) ? 1 : 0), { ...labels, phase: 'Running' })
    .gauge('kube_pod_container_status_restarts_total', 0, container)
    .gauge('kube_pod_container_status_waiting_reason', (time) => (isReady(time) ? undefined : 1), {
      ...container,
      reason: 'ContainerCreating',
    });
  for (const [resource, limit, request] of [
    ['memory', 512 * MIB, 256 * MIB],
    ['cpu', 1, 0.1],
  ] as const) {
    all
      .gauge('kube_pod_container_resource_limits', limit, { ...container, ...node, resource })
      .gauge('kube_pod_container_resource_requests', request, { ...container, ...node, resource });
  }
  return all.series;
}

function workloadObjects(cluster: Cluster, workload: Workload): readonly WorldSeries[] {
  const { namespace, name, kind, min, max } = workload;
  const status = (time: number) => cluster.statusOf(workload, time);
  const all = target();
  if (kind === 'StatefulSet') {
    const labels = { namespace, statefulset: name };
    const revisionIs = (time: number, revision: number) => status(time).revision === revision;
    all
      .gauge('kube_statefulset_replicas', min, labels)
      .gauge('kube_statefulset_status_replicas_ready', (time) => status(time).ready, labels)
      .gauge('kube_statefulset_status_replicas_updated', (time) => status(time).updated, labels);
    for (let revision = 1; revision <= cluster.statusOf(workload, Number.POSITIVE_INFINITY).revision; revision++) {
      const isComplete = (time: number) => status(time).updated === min;
      const own = { ...labels, revision: `${name}-${revision}` };
      all
        .gauge('kube_statefulset_status_update_revision', (time) => (revisionIs(time, revision) ? 1 : undefined), own)
        .gauge(
          'kube_statefulset_status_current_revision',
          (time) => (revisionIs(time, isComplete(time) ? revision : revision + 1) ? 1 : undefined),
          own,
        );
    }
    return all.series;
  }
  const labels = { namespace, deployment: name };
  all
    .gauge('kube_deployment_spec_replicas', (time) => status(time).desired, labels)
    .gauge('kube_deployment_status_replicas_available', (time) => status(time).ready, labels)
    .gauge('kube_deployment_status_replicas_updated', (time) => status(time).updated, labels)
    .gauge('kube_deployment_metadata_generation', (time) => status(time).revision, labels)
    .gauge('kube_deployment_status_observed_generation', (time) => status(time).revision, labels)
    .gauge('kube_deployment_status_condition', 0, { ...labels, condition: 'Progressing', status: 'false' });
  const sets = new Map<number, Labels>();
  for (const pod of cluster.pods.filter((candidate) => candidate.workload === workload)) {
    sets.set(pod.revision, { namespace, replicaset: `${name}-${hashOf(workload, pod.revision)}` });
  }
  const owned: WorldSeries[] = [...sets].flatMap(([revision, set]) => {
    const pods = cluster.pods.filter((pod) => pod.workload === workload && pod.revision === revision);
    // A Deployment keeps the ReplicaSets of some revisions; a few hours are enough for the joins of the rules.
    const ends = Math.max(...pods.map(({ gone }) => gone)) + 6 * HOUR;
    return target(Math.min(...pods.map(({ born }) => born)), ends).gauge('kube_replicaset_owner', 1, {
      ...set,
      owner_kind: 'Deployment',
      owner_name: name,
      owner_is_controller: 'true',
    }).series;
  });
  if (min !== max) {
    const hpa = { namespace, horizontalpodautoscaler: `${name}-hpa` };
    all
      .gauge('kube_horizontalpodautoscaler_spec_min_replicas', min, hpa)
      .gauge('kube_horizontalpodautoscaler_spec_max_replicas', max, hpa)
      .gauge('kube_horizontalpodautoscaler_status_current_replicas', (time) => status(time).total, hpa)
      .gauge('kube_horizontalpodautoscaler_status_desired_replicas', (time) => status(time).desired, hpa);
    for (const [condition, value] of [
      ['AbleToScale', 'true'],
      ['ScalingActive', 'true'],
      ['ScalingLimited', 'false'],
    ] as const) {
      for (const state of ['true', 'false']) {
        all.gauge('kube_horizontalpodautoscaler_status_condition', state === value ? 1 : 0, {
          ...hpa,
          condition,
          status: state,
        });
      }
    }
  }
  const budget = { namespace, poddisruptionbudget: name };
  if (min > 1) {
    all
      .gauge('kube_poddisruptionbudget_status_expected_pods', (time) => status(time).desired, budget)
      .gauge('kube_poddisruptionbudget_status_desired_healthy', (time) => status(time).desired - 1, budget)
      .gauge('kube_poddisruptionbudget_status_current_healthy', (time) => status(time).ready, budget)
      .gauge(
        'kube_poddisruptionbudget_status_pod_disruptions_allowed',
        (time) => Math.max(0, status(time).ready - status(time).desired + 1),
        budget,
      );
  }
  return [...all.series, ...owned];
}

/** The nightly jobs: one object for each of the last three runs. */
function jobs(start: number, end: number): readonly WorldSeries[] {
  const cronJobs = [
    { cronjob: 'postgres-backup', hour: 1.5, minutes: 40 },
    { cronjob: 'session-cleanup', hour: 1, minutes: 5 },
    { cronjob: 'daily-report', hour: 2.25, minutes: 20 },
  ];
  return cronJobs.flatMap(({ cronjob, hour, minutes }) => {
    const namespace = 'sightedit';
    const first = start - DAY;
    const startOf = (time: number) => Math.floor((time - hour * HOUR) / DAY) * DAY + hour * HOUR;
    const lastDone = (time: number) => startOf(time - minutes * MINUTE) + minutes * MINUTE;
    const cron = target()
      .gauge('kube_cronjob_created', START - 90 * DAY, { namespace, cronjob })
      .gauge('kube_cronjob_spec_suspend', 0, { namespace, cronjob })
      .gauge('kube_cronjob_next_schedule_time', (time) => startOf(time) + DAY, { namespace, cronjob })
      .gauge('kube_cronjob_status_last_schedule_time', startOf, { namespace, cronjob })
      .gauge('kube_cronjob_status_last_successful_time', lastDone, { namespace, cronjob })
      .gauge('kube_cronjob_status_active', (time) => (time < startOf(time) + minutes * MINUTE ? 1 : 0), {
        namespace,
        cronjob,
      });
    const runs: WorldSeries[] = [];
    for (let day = first; day < end; day += DAY) {
      const began = startOf(day) + DAY;
      const done = began + minutes * MINUTE;
      const labels = { namespace, job_name: `${cronjob}-${began / 60}` };
      const isDone = (time: number) => time >= done;
      runs.push(
        ...target(began, began + 3 * DAY)
          .gauge('kube_job_owner', 1, {
            ...labels,
            owner_kind: 'CronJob',
            owner_name: cronjob,
            owner_is_controller: 'true',
          })
          .gauge('kube_job_status_start_time', began, labels)
          .gauge('kube_job_status_completion_time', (time) => (isDone(time) ? done : undefined), labels)
          .gauge('kube_job_status_active', (time) => (isDone(time) ? 0 : 1), labels)
          .gauge('kube_job_status_succeeded', (time) => (isDone(time) ? 1 : 0), labels)
          .gauge('kube_job_complete', (time) => (isDone(time) ? 1 : undefined), { ...labels, condition: 'true' })
          .series,
      );
    }
    return [...cron.series, ...runs];
  });
}

function claimOf({ name, born, gone }: Pod): readonly WorldSeries[] {
  const claim = { namespace: PLATFORM, persistentvolumeclaim: `data-${name}` };
  const volume = { persistentvolume: `pv-${name}` };
  // A pod of a StatefulSet that moves keeps its claim.
  return target(born, gone)
    .gauge('kube_pod_spec_volumes_persistentvolumeclaims_info', 1, { ...claim, pod: name })
    .gauge('kube_persistentvolumeclaim_status_phase', 1, { ...claim, phase: 'Bound' })
    .gauge('kube_persistentvolumeclaim_status_phase', 0, { ...claim, phase: 'Pending' })
    .gauge('kube_persistentvolumeclaim_status_phase', 0, { ...claim, phase: 'Lost' })
    .gauge('kube_persistentvolumeclaim_access_mode', 1, { ...claim, access_mode: 'ReadWriteOnce' })
    .gauge('kube_persistentvolume_status_phase', 0, { ...volume, phase: 'Failed' })
    .gauge('kube_persistentvolume_status_phase', 0, { ...volume, phase: 'Released' }).series;
}

function quota(cluster: Cluster): readonly WorldSeries[] {
  const labels = { namespace: 'sightedit', resourcequota: 'sightedit', resource: 'pods' };
  const own = cluster.workloads.filter(({ namespace }) => namespace === 'sightedit');
  const used = (time: number) => own.reduce((sum, workload) => sum + cluster.statusOf(workload, time).total, 0);
  const most = own.reduce((sum, { max }) => sum + max, 0);
  return target()
    .gauge('kube_resourcequota', 2 * most, { ...labels, type: 'hard' })
    .gauge('kube_resourcequota', used, { ...labels, type: 'used' }).series;
}

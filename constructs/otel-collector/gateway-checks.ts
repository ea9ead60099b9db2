import { SettingError } from '../kit';
import { checkCount, checkCredentials, checkNamespace, checkObjectName, checkQuantity } from '../kit/checks';
import { OTEL_COLLECTOR_DEFAULTS, type OtelCollectorProps } from './gateway-props';
import { MOST_SAMPLERS } from './tail-sampling';

/** Replicas that clients send to at the start, and whether there may be several. */
export function replicasOf({ replicas, autoscaling }: Pick<OtelCollectorProps, 'replicas' | 'autoscaling'>): {
  readonly replicas: number;
  readonly several: boolean;
} {
  const first = replicas ?? autoscaling?.minReplicas ?? OTEL_COLLECTOR_DEFAULTS.replicas;
  return { replicas: first, several: Math.max(first, autoscaling?.maxReplicas ?? 1) > 1 };
}

/**
 * Number of samplers. 0: the one replica decides itself.
 *
 * @throws SettingError for several replicas without samplers, and for more samplers than are worth it
 */
export function samplersOf(props: Pick<OtelCollectorProps, 'replicas' | 'samplers' | 'autoscaling'>): number {
  const { samplers } = props;
  const { replicas, several } = replicasOf(props);
  if (samplers === undefined) {
    return several ? Math.min(replicas, MOST_SAMPLERS) : 0;
  }
  if (samplers === 0 && several) {
    const fix = 'write at least 1: each replica would decide about a part of each trace';
    throw new SettingError('samplers', samplers, fix);
  }
  if (!(Number.isInteger(samplers) && samplers >= 0 && samplers <= MOST_SAMPLERS)) {
    throw new SettingError('samplers', samplers, `write a whole number from 0 to ${MOST_SAMPLERS}`);
  }
  return samplers;
}

/**
 * Checks the props of a gateway, except sampling and vendors.
 *
 * @throws SettingError
 */
export function checkOtelCollector(props: OtelCollectorProps): void {
  checkCount('replicas', props.replicas ?? 1);
  if (props.storageSize !== undefined) {
    checkQuantity('storageSize', props.storageSize, '10Gi');
  }
  checkAutoscaling(props);
  for (const origin of props.browserOrigins ?? []) {
    if (!/^https?:\/\/(\*\.)?[a-z0-9.-]+(:\d+)?$/.test(origin)) {
      throw new SettingError('browserOrigins', origin, 'write a scheme and a host, e.g. https://app.example.com');
    }
  }
  if (props.outside) {
    checkObjectName('outside.tlsSecret', props.outside.tlsSecret);
    checkCredentials('outside.token.credentials', props.outside.token.credentials);
  }
  if (props.namespaces?.length === 0) {
    throw new SettingError('namespaces', [], 'name a namespace, or leave it out for all of them');
  }
  for (const namespace of props.namespaces ?? []) {
    checkNamespace('namespaces', namespace);
  }
  for (const name of Object.keys(props.resourceAttributes ?? {})) {
    checkAttribute('resourceAttributes', name);
  }
  for (const name of props.dimensions ?? []) {
    checkAttribute('dimensions', name);
  }
}

function checkAutoscaling({ autoscaling, replicas }: OtelCollectorProps): void {
  if (!autoscaling) {
    return;
  }
  const { minReplicas, maxReplicas, cpuPercent } = autoscaling;
  if (replicas !== undefined) {
    throw new SettingError('replicas', replicas, 'leave it out: autoscaling decides');
  }
  checkCount('autoscaling.minReplicas', minReplicas);
  checkCount('autoscaling.cpuPercent', cpuPercent ?? 1);
  if (!(Number.isInteger(maxReplicas) && maxReplicas >= minReplicas)) {
    throw new SettingError('autoscaling.maxReplicas', maxReplicas, 'write a whole number, at least minReplicas');
  }
}

/** A name as OpenTelemetry has them. */
function checkAttribute(setting: string, name: string): void {
  if (!/^[a-z][\w.-]*$/i.test(name)) {
    throw new SettingError(setting, name, 'write the name of an attribute, e.g. k8s.cluster.name');
  }
}

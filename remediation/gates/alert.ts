import { SkipError } from '../actions';
import { renderQuery } from '../promql';
import { RECORDED_LENGTH, type RecordedAlert } from '../record';
import type { AlertLabels, Gate } from './gate';

/**
 * Prometheus writes this series for every alert that fires, without the external labels, and ends it when the alert no
 * longer fires, `keep_firing_for` included.
 * https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/#inspecting-alerts-during-runtime
 */
const FIRING = 'ALERTS{alertname="$alertname", alertstate="firing", remediation="$policy"}';

/**
 * Nothing runs unless Prometheus, or Loki's ruler, says that the alert fires with these labels. Everyone who reaches
 * Alertmanager can send it any alert. One replica of a pair is enough: the other may have just started.
 */
export const alertGate: Gate = async ({ record, policy }, { clients, alertLabels }) => {
  if (!policy.requireFiring) {
    return;
  }
  const { alert } = record.spec;
  const { prometheus, loki } = clients;
  const name = alert.labels.alertname ?? alert.name;
  const query = renderQuery(FIRING, { alertname: name, policy: policy.name });
  const answers = await Promise.allSettled([
    prometheus.queryAny(query).then((series) => series.map(({ labels }) => labels)),
    ...(loki ? [loki.firing(name)] : []),
  ]);
  const firing = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (firing.some((labels) => isSame(labels, alert.labels, alertLabels))) {
    return;
  }
  const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? (answer.reason as Error).message : []));
  if (errors.length > 0) {
    throw new SkipError('health-unknown', `cannot tell whether ${alert.name} is firing: ${errors.join('; ')}`);
  }
  const seen = firing.length > 0 ? `with other labels (${firing.length} series)` : 'nowhere';
  const source = loki ? 'Prometheus and Loki say' : 'Prometheus says';
  throw new SkipError('alert-not-firing', `${source} that ${alert.name} with these labels fires ${seen}`);
};

/** Labels of the series that are not labels of the alert. */
const OF_THE_SERIES = ['__name__', 'alertstate'];

/** Every label counts, a missing one too: an alert without `cache_prefix` would clear more than the one that fires. */
function isSame(
  series: RecordedAlert['labels'],
  alert: RecordedAlert['labels'],
  { external, relabelled }: AlertLabels,
): boolean {
  const names = new Set([...Object.keys(series), ...Object.keys(alert)]);
  return [...names]
    .filter((name) => !OF_THE_SERIES.includes(name) && !relabelled.includes(name))
    .every((name) => {
      const [fires, delivered] = [series[name]?.slice(0, RECORDED_LENGTH) ?? '', alert[name] ?? ''];
      return fires === delivered || (fires === '' && delivered === external[name]);
    });
}

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
 * Nothing runs unless Prometheus says that the alert fires with these labels. Everyone who reaches Alertmanager can send
 * it any alert. One replica of a pair is enough: the other may have just started.
 */
export const alertGate: Gate = async ({ record, policy }, { clients, alertLabels }) => {
  if (!policy.requireFiring) {
    return;
  }
  const { alert } = record.spec;
  const query = renderQuery(FIRING, { alertname: alert.labels.alertname ?? alert.name, policy: policy.name });
  const firing = await clients.prometheus.queryAny(query).catch((error: Error) => {
    throw new SkipError('health-unknown', `cannot tell whether ${alert.name} is firing: ${error.message}`);
  });
  if (!firing.some(({ labels }) => isSame(labels, alert.labels, alertLabels))) {
    const seen = firing.length > 0 ? `with other labels (${firing.length} series)` : 'nowhere';
    throw new SkipError('alert-not-firing', `Prometheus says that ${alert.name} with these labels fires ${seen}`);
  }
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

import { Metrics } from '../../../remediation/audit';
import { ATTEMPT_PHASES, OPEN_PHASES, SKIP_REASONS } from '../../../remediation/record';
import { APPLICATION, restarts } from '../support/bench';

/** Series of a metric, as `<label>=<value>,…`, with their values. */
async function seriesOf(metrics: Metrics, name: string): Promise<Readonly<Record<string, number>>> {
  const { values } = await metrics.registry.getSingleMetric(name)!.get();
  return Object.fromEntries(
    values.map(({ labels, value }) => [
      Object.entries(labels)
        .map(([label, text]) => `${label}=${text}`)
        .join(),
      value,
    ]),
  );
}
const zero = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]));

describe('The metrics of a server that has just started', () => {
  const metrics = new Metrics([restarts()], '1.2.3');

  it('name the version', async () => {
    expect(await seriesOf(metrics, 'remediation_build_info')).toEqual({ 'version=1.2.3': 1 });
  });

  it('hold those of the process, without the gauges that are named as counters', async () => {
    const names = metrics.registry.getMetricsAsArray().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']));
    const types = await metrics.registry.getMetricsAsJSON();
    const misnamed = types.filter(({ name, type }) => name.endsWith('_total') && String(type) !== 'counter');
    expect(misnamed.map(({ name }) => name)).toEqual([]);
  });

  it('begin at 0, because increase() misses the first increment of a new series', async () => {
    const policy = 'action=restart-workload,policy=restart';
    expect(await seriesOf(metrics, 'remediation_webhook_requests_total')).toEqual(
      zero(['202', '400', '401', '403', '413', '503'].map((code) => `code=${code}`)),
    );
    expect(await seriesOf(metrics, 'remediation_decisions_total')).toEqual(
      zero([
        ...SKIP_REASONS.map((reason) => `${policy},decision=skipped,reason=${reason}`),
        ...['accepted', 'duplicate', 'awaiting-approval', 'executing', 'dry-run'].map(
          (decision) => `${policy},decision=${decision},reason=`,
        ),
      ]),
    );
    expect(await seriesOf(metrics, 'remediation_verification_total')).toEqual(
      zero(['healthy', 'unhealthy', 'unknown'].map((result) => `action=restart-workload,result=${result}`)),
    );
    expect(await seriesOf(metrics, 'remediation_escalations_total')).toEqual(
      zero(
        ['alertmanager', 'slack'].flatMap((channel) =>
          ['sent', 'failed'].map((result) => `channel=${channel},result=${result}`),
        ),
      ),
    );
    expect(await seriesOf(metrics, 'remediation_records')).toEqual(zero(OPEN_PHASES.map((phase) => `phase=${phase}`)));
  });

  it('begin at 0 for each target that is known in advance', async () => {
    metrics.expectAttempts('restart-workload', 'restart', {
      kind: 'Deployment',
      namespace: APPLICATION,
      name: 'backend',
    });
    metrics.expectAttempts('block-address', 'block', { kind: 'Address', name: '' });
    expect(await seriesOf(metrics, 'remediation_actions_total')).toEqual(
      zero([
        ...ATTEMPT_PHASES.map(
          (outcome) =>
            `action=restart-workload,policy=restart,outcome=${outcome},target_kind=Deployment,target_namespace=${APPLICATION},target_name=backend`,
        ),
        ...ATTEMPT_PHASES.map(
          (outcome) =>
            `action=block-address,policy=block,outcome=${outcome},target_kind=Address,target_namespace=,target_name=`,
        ),
      ]),
    );
  });
});

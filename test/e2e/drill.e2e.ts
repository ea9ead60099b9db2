import type { Remediation } from '../../remediation/record';
import { isOpen } from '../../remediation/record';
import { getJson, waitFor } from '../../testing/server';
import { type Drill, FACTOR, startDrill, TARGET, waitUntilSettled } from './support/drill';
import { isAlive } from './support/pod-processes';
import { Timeline } from './support/timeline';

const ALERT = 'SightEditMemorySaturation';
const CIRCUIT_ALERT = 'RemediationCircuitOpen';
/** minimumAgeSeconds and cooldown of SightEdit's policies in production. */
const MINIMUM_AGE_SECONDS = 900 / FACTOR;
const COOLDOWN_SECONDS = 1800 / FACTOR;
/** Failed attempts that open the circuit; the default. */
const CIRCUIT_FAILURES = 3;

describe(`The drill, ${FACTOR} times as fast as in production`, () => {
  let drill: Drill;

  beforeAll(async () => {
    drill = await startDrill();
    await waitFor('the target to be measured', async () => (await saturation()).length === 2);
    await waitUntilSettled(drill, MINIMUM_AGE_SECONDS);
    process.stdout.write(
      `\nWaits, ranges and cooldowns of rules, routes and policies are divided by ${FACTOR}; scrapes and evaluations are every second.\n`,
    );
  });
  afterAll(() => drill?.stop());

  const saturation = () => drill.query(`namespace_workload_pod:process_resident_memory:ratio{workload="${TARGET}"}`);
  const isFiring = async (alert: string) => {
    const { data } = await getJson<{ data: { alerts: { state: string; labels: { alertname: string } }[] } }>(
      `${drill.prometheus}/api/v1/alerts`,
    );
    return data.alerts.some(({ state, labels }) => state === 'firing' && labels.alertname === alert);
  };
  const notified = (channel: string, alert: string, status: 'firing' | 'resolved') =>
    drill.sinks.received.filter(
      (message) => message.channel.startsWith(channel) && message.status === status && message.text.includes(alert),
    );
  /** Pages of PagerDuty since a time. */
  const pagesSince = (since: Date) =>
    drill.sinks.received
      .filter(({ channel, status, time }) => channel.startsWith('pagerduty') && status === 'firing' && time >= since)
      .map(({ text, time }) => {
        const { firing, runbook } = JSON.parse(text).payload.custom_details;
        return { alert: firing[0].labels.alertname as string, runbook: runbook as string | null, time };
      });
  const finished = async (from: number) =>
    (await drill.records()).slice(from).filter(({ status }) => status.phase && !isOpen(status.phase));
  const transition = ({ status }: Remediation, phase: string) =>
    status.transitions!.find((each) => each.phase === phase)!.time;
  const restarts = () =>
    drill.kubernetes
      .audited()
      .filter(
        ({ verb, user, objectRef, responseStatus }) =>
          verb === 'patch' &&
          user.username.endsWith(':remediation-webhook') &&
          objectRef.resource === 'deployments' &&
          responseStatus.code === 200,
      );

  it('repairs a leak: fault, alert, notification, restart, verification, all-clear, in one trace', async () => {
    const timeline = new Timeline();
    const before = drill.pods.running().map(({ pid }) => pid);

    timeline.add('both processes begin to leak');
    await drill.injectFault();
    await waitFor('the leak to be seen', async () => (await saturation()).every(({ value }) => value > 0.9));
    timeline.add('Prometheus sees both above 90 % of their limit');
    await waitFor('the alert', () => isFiring(ALERT));
    timeline.add(`${ALERT} fires`);
    await waitFor('the record', async () => (await drill.records()).length === 1);
    timeline.add('the webhook has stored the record');
    await waitFor('the roll-out', async () => {
      const running = drill.pods.running();
      return running.length === 2 && running.every(({ ready }) => ready) && !before.some(isAlive);
    });
    timeline.add('two new processes run, and the old ones have ended');
    await waitFor('the end', async () => (await finished(0)).length === 1);
    const [record] = await drill.records();
    expect(record!.status).toMatchObject({ phase: 'succeeded', target: { kind: 'Deployment', name: TARGET } });
    timeline.add('the webhook restarts the Deployment', record!.status.executionTime);
    timeline.add('the webhook has verified the effect', transition(record!, 'succeeded'));
    await waitFor('the all-clear', async () => !(await isFiring(ALERT)));
    timeline.add(`${ALERT} is resolved`);
    await waitFor('Slack to receive both', async () => notified('slack', ALERT, 'resolved').length > 0);
    timeline.add('Slack receives the alert', notified('slack', ALERT, 'firing')[0]!.time);
    timeline.add('Slack receives the all-clear', notified('slack', ALERT, 'resolved')[0]!.time);
    expect((await saturation()).map(({ value }) => value < 0.9)).toEqual([true, true]);
    expect(restarts()).toHaveLength(1);

    const trace = record!.status.traceId!;
    await waitFor('the spans', async () => parentOfIntake(trace) !== undefined);
    // Alertmanager passes its trace on: the span of its request is the parent.
    expect(parentOfIntake(trace)).toMatchObject({ service: 'alertmanager', name: 'HTTP POST' });
    await waitFor('the span of the verification', async () =>
      spansOf(trace).some(({ name }) => name.endsWith('verifying')),
    );
    expect([...new Set(spansOf(trace).map(({ service }) => service))].sort()).toEqual([
      'alertmanager',
      'remediation-webhook',
    ]);
    expect(loggedMessages(trace)).toContain(record!.status.message);
    expect(await eventReasons(trace)).toEqual(expect.arrayContaining(['RemediationExecuting', 'RemediationSucceeded']));
    expect(record!.spec.traceparent).toContain(trace);
    timeline.print(
      'A leak is repaired',
      `trace ${trace}: in ${spansOf(trace).length} spans of Alertmanager and webhook, ${loggedMessages(trace).length} ` +
        `log lines, ${(await eventReasons(trace)).length} Events of the Deployment, and the record`,
      `record ${record!.metadata.name}: ${record!.status.message}`,
    );
  });

  it('gives up on a fault that returns, and pages a person once', async () => {
    const timeline = new Timeline();
    const earlier = (await drill.records()).length;
    const done = restarts().length;
    await waitUntilSettled(drill, COOLDOWN_SECONDS);

    const since = new Date();
    timeline.add('every process leaks as soon as it runs');
    const leak = setInterval(() => void drill.injectFault(), 300);
    try {
      await waitFor('failed attempts', async () => (await ineffective(earlier)).length === CIRCUIT_FAILURES, {
        timeoutSeconds: 420,
      });
      await waitFor('the page', async () => pagesSince(since).some(({ alert }) => alert === CIRCUIT_ALERT));
      // Every further notification is skipped.
      await waitFor(
        'a skipped attempt',
        async () => (await finished(earlier)).some(({ status }) => status.reason === 'circuit-open'),
        { timeoutSeconds: 180 },
      );
    } finally {
      clearInterval(leak);
    }
    for (const [index, run] of (await ineffective(earlier)).entries()) {
      timeline.add(`restart ${index + 1}`, run.status.executionTime);
      timeline.add(`restart ${index + 1} did not help`, transition(run, 'ineffective'));
    }
    for (const { alert, time } of pagesSince(since)) {
      timeline.add(`PagerDuty receives ${alert}`, time);
    }
    const skippedRecord = (await finished(earlier)).find(({ status }) => status.reason === 'circuit-open')!;
    timeline.add('the circuit is open: the next attempt is skipped', transition(skippedRecord, 'skipped'));
    expect(pagesSince(since).filter(({ alert }) => alert === CIRCUIT_ALERT)).toEqual([
      { alert: CIRCUIT_ALERT, runbook: expect.stringMatching(`/${CIRCUIT_ALERT}$`), time: expect.any(Date) },
    ]);
    expect(restarts()).toHaveLength(done + CIRCUIT_FAILURES);
    timeline.print(
      'A leak that returns is handed to a person',
      `record ${skippedRecord.metadata.name}: ${skippedRecord.status.message}`,
    );
  }, 900_000);

  const ineffective = async (from: number) =>
    (await finished(from)).filter(({ status }) => status.phase === 'ineffective');

  const spansOf = (trace: string) => drill.traces.spans.filter(({ traceId }) => traceId === trace);

  /** The span that notified the webhook. */
  const parentOfIntake = (trace: string) => {
    const intake = spansOf(trace).find(({ name }) => name === 'POST /api/v1/alerts');
    return spansOf(trace).find(({ spanId }) => spanId === intake?.parentSpanId);
  };

  /** Messages of the log lines of both replicas that name a trace. */
  const loggedMessages = (trace: string) =>
    drill.replicas
      .flatMap(({ server }) => server.log().split('\n'))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { message: string; trace_id?: string })
      .filter(({ trace_id }) => trace_id === trace)
      .map(({ message }) => message);

  /** Reasons of Events on the target whose message names a trace. */
  const eventReasons = async (trace: string) => {
    const args = ['get', 'events', '--namespace=sightedit', '--output=json'];
    const { stdout } = await drill.kubernetes.kubectl(...args, `--field-selector=involvedObject.name=${TARGET}`);
    const { items } = JSON.parse(stdout) as { items: { reason: string; message: string }[] };
    return items.filter(({ message }) => message.includes(trace)).map(({ reason }) => reason);
  };
});

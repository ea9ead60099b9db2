import { openIncident } from '../../../remediation';
import { logLink, openIncidentAction } from '../../../remediation/actions/open-incident';
import type { LogRange, ThreatVerdict } from '../../../remediation/clients';
import { attemptOn } from '../support/attempt';
import { Bench } from '../support/bench';

type LogQuery = string | readonly string[];

const LOGS = {
  grafanaUrl: 'https://grafana.example.com/',
  datasource: 'loki',
  query: '{log_type="security"} | json | source_ip="$client_ip"',
} as const;

const alert = (labels: Readonly<Record<string, string>>) => ({
  ...{ name: 'BruteForceByIP', fingerprint: '00', startsAt: '2026-03-04T11:00:00.000Z', annotations: {} },
  labels,
});

describe('a link to logs', () => {
  const now = new Date('2026-03-04T12:00:00Z');

  test('opens the query in Grafana, from before the alert on', () => {
    const url = new URL(logLink(LOGS, alert({ client_ip: '203.0.113.7' }), now));
    expect([url.origin, url.pathname]).toEqual(['https://grafana.example.com', '/explore']);
    const panes = JSON.parse(url.searchParams.get('panes')!);
    expect(panes.incident).toEqual({
      datasource: 'loki',
      queries: [
        {
          refId: 'A',
          datasource: { type: 'loki', uid: 'loki' },
          expr: '{log_type="security"} | json | source_ip="203.0.113.7"',
        },
      ],
      range: { from: `${Date.parse('2026-03-04T10:30:00Z')}`, to: `${Date.parse('2026-03-04T12:05:00Z')}` },
    });
  });

  test('holds a value as it is, whatever it is', () => {
    const value = '"} | line_format "x" &panes={}#\n<script>';
    const link = logLink(LOGS, alert({ client_ip: value }), now);
    expect(link).not.toMatch(/["<>\s{}#]/);
    const url = new URL(link);
    expect([...url.searchParams.keys()].sort()).toEqual(['orgId', 'panes', 'schemaVersion']);
    const { expr } = JSON.parse(url.searchParams.get('panes')!).incident.queries[0];
    expect(expr).toBe(
      '{log_type="security"} | json | source_ip="\\"} | line_format \\"x\\" &panes={}#\\u000a<script>"',
    );
  });

  test('says why there is none where a label is missing', () => {
    expect(logLink(LOGS, alert({ user: 'a' }), now)).toBe(
      'no link: the query has no value for $client_ip: it may use $user',
    );
  });
});

describe('a policy that opens incidents', () => {
  test('names the query that cannot be filled in', () => {
    expect(() => openIncident({ queries: { logins: 'rate($metric[5m])' } })).toThrow(
      'queries.logins is "rate($metric[5m])": $metric stands outside a string: write it between quotes, {name="$metric"}',
    );
    expect(() => openIncident({ logs: { ...LOGS, query: '$client_ip' } })).toThrow(
      'logs.query is "$client_ip": $client_ip stands outside a string',
    );
  });

  test.each(['grafana.example.com', 'javascript:alert(1)', '', '/grafana'])('has no link to %j', (grafanaUrl) => {
    expect(() => openIncident({ logs: { ...LOGS, grafanaUrl } })).toThrow(
      `logs.grafanaUrl is ${JSON.stringify(grafanaUrl)}: write an address such as https://grafana.example.com`,
    );
  });
});

describe('an incident', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });

  const LABELS = { alertname: 'BruteForceByIP', severity: 'high', category: 'security', remediation: 'open-incident' };
  const attempt = (props: Parameters<typeof openIncident>[0], labels: Readonly<Record<string, string>> = {}) => {
    const { parameters } = openIncident(props);
    const made = attemptOn(bench, { parameters, target: { kind: 'Incident', name: 'BruteForceByIP/00' } });
    const { record } = made;
    return { ...made, record: { ...record, spec: { ...record.spec, alert: alert({ ...LABELS, ...labels }) } } };
  };
  const PLAN = { summary: '', details: {} };
  const evidenceOf = async (...args: Parameters<typeof attempt>) =>
    (await openIncidentAction.execute(attempt(...args), PLAN)).evidence!;

  test('is about the alert and its labels: it may fire again', async () => {
    const find = (fingerprint: string) =>
      openIncidentAction.findTarget({ ...alert({}), fingerprint }, {} as never, bench.context.clients);
    expect(await find('0a')).toEqual({ kind: 'Incident', name: 'BruteForceByIP/0a' });
    expect(openIncidentAction.targets({} as never)).toEqual([{ kind: 'Incident', name: '' }]);
  });

  test('is planned with its queries', async () => {
    const queries = { logins: 'logins{ip="$client_ip"}' };
    expect(await openIncidentAction.plan(attempt({ queries }))).toEqual({
      summary: 'gather the evidence for BruteForceByIP',
      details: { queries: ['logins'] },
    });
    expect(openIncidentAction.onlyReads).toBe(true);
    expect(openIncidentAction.queries!(openIncident({ queries }).parameters)).toEqual([queries.logins]);
  });

  test('holds the labels that say what the alert is about, and since when it fires', async () => {
    const effect = await openIncidentAction.execute(attempt({}, { client_ip: '203.0.113.7', user: 'a' }), PLAN);
    expect(effect).toEqual({
      summary: 'opened an incident for BruteForceByIP with 3 facts',
      evidence: { 'label client_ip': '203.0.113.7', 'label user': 'a', since: '2026-03-04T11:00:00.000Z' },
    });
  });

  test('holds the answers, largest first, and names the queries without one', async () => {
    const queries = { logins: 'logins{ip="$client_ip"}', none: 'none', down: 'down', wrong: 'x{a="$missing"}' };
    bench.prometheus.answer('logins{ip="203.0.113.7"}', 3, 12, 5);
    bench.prometheus.answer('down', new Error('no Prometheus answered'));
    expect(await evidenceOf({ queries }, { client_ip: '203.0.113.7' })).toMatchObject({
      logins: '12\n5\n3',
      none: 'no data',
      down: 'unknown: no Prometheus answered',
      wrong: expect.stringMatching(/^unknown: .*\$missing/),
    });
  });

  test('holds the labels of the series, and no more than ten of them', async () => {
    const samples = Array.from({ length: 12 }, (_, index) => ({
      labels: { path: `/${index}`, method: 'GET' },
      value: index,
    }));
    jest.spyOn(bench.prometheus, 'query').mockResolvedValue(samples);
    const lines = (await evidenceOf({ queries: { paths: 'paths' } })).paths!.split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe('{path="/11", method="GET"} 11');
    expect(lines[10]).toBe('and 2 more');
    jest.spyOn(bench.prometheus, 'query').mockResolvedValue(samples.slice(0, 10));
    expect((await evidenceOf({ queries: { paths: 'paths' } })).paths!.split('\n')).toHaveLength(10);
  });

  test('truncates long facts', async () => {
    const long = 'x'.repeat(3000);
    bench.prometheus.answer('down', new Error(long));
    const evidence = await evidenceOf({ queries: { down: 'down' } }, { client_ip: long, user: 'y'.repeat(2000) });
    expect(evidence['label client_ip']).toBe(`${'x'.repeat(2000)}…`);
    expect(evidence['label user']).toBe('y'.repeat(2000));
    expect(evidence.down).toHaveLength(2001);
  });

  test('links the logs', async () => {
    expect((await evidenceOf({ logs: LOGS }, { client_ip: '203.0.113.7' })).logs).toMatch(/^https:\/\/grafana/);
    expect(await evidenceOf({}, {})).not.toHaveProperty('logs');
  });

  describe('holds lines of logs', () => {
    const QUERIES = ['{app="shop"} |= "$client_ip"', '{app="shop"} |= "$source_ip"', '{stream="security"}'];
    const line = (text: string, time = '2026-03-04T10:59:58.123Z') => ({ text, time: new Date(time) });

    /** The lines in the evidence, and what Loki was asked. */
    async function linesOf(found: readonly ReturnType<typeof line>[] | Error, labels = {}, query: LogQuery = QUERIES) {
      const made = attempt({ logs: { ...LOGS, query } }, labels);
      const lines = jest.fn(async () => {
        if (found instanceof Error) {
          throw found;
        }
        return found;
      });
      const clients = { ...made.clients, loki: { lines, firing: async () => [] } };
      const { evidence } = await openIncidentAction.execute({ ...made, clients }, PLAN);
      const [asked] = lines.mock.calls as unknown as [string, LogRange, AbortSignal][];
      return { text: evidence!['log lines'], link: evidence!.logs, asked };
    }

    test('with the time of each', async () => {
      const { text } = await linesOf([line('first'), line('second', '2026-03-04T11:00:00Z')]);
      expect(text).toBe('2026-03-04T10:59:58.123Z first\n2026-03-04T11:00:00.000Z second');
    });

    test('of the query that the link opens, from half an hour before the alert until five minutes after it', async () => {
      const { asked, link } = await linesOf([], { source_ip: '203.0.113.7' });
      const [query, range, signal] = asked!;
      expect(query).toBe('{app="shop"} |= "203.0.113.7"');
      expect(JSON.parse(new URL(link!).searchParams.get('panes')!).incident.queries[0].expr).toBe(query);
      expect(range).toMatchObject({
        from: new Date('2026-03-04T10:30:00Z'),
        to: new Date('2026-03-04T11:05:00Z'),
        limit: 20,
      });
      expect(signal).toBeInstanceOf(AbortSignal);
    });

    test.each([
      ['the first whose labels the alert has', { client_ip: '203.0.113.1', source_ip: '203.0.113.2' }, QUERIES[0]],
      ['not one whose label is empty: it would match every line', { client_ip: '' }, QUERIES[2]],
    ])('of several queries, %s', async (_what, labels, query) => {
      expect((await linesOf([], labels)).asked![0]).toBe(query!.replace('$client_ip', '203.0.113.1'));
    });

    test('as nothing but text: no control character, no line break, no change of direction', async () => {
      const { text } = await linesOf([line('a\u001b[2Jb\nc\r\u202ed\u0000')]);
      expect(text).toBe('2026-03-04T10:59:58.123Z a\ufffd[2Jb⏎c\ufffd\ufffdd\ufffd');
    });

    test('of a bounded length', async () => {
      const { text } = await linesOf([line('x'.repeat(64_000)), line('y'.repeat(400))]);
      const [long, short] = text!.split('\n');
      expect(long).toBe(`2026-03-04T10:59:58.123Z ${'x'.repeat(400)}…`);
      expect(short).toBe(`2026-03-04T10:59:58.123Z ${'y'.repeat(400)}`);
    });

    test('or says that there are none', async () => {
      expect((await linesOf([])).text).toBe('none');
    });

    test.each<[string, Error | [], LogQuery, string]>([
      ['Loki is down', new Error('no Loki answered: x'), QUERIES, 'unknown: no Loki answered: x'],
      ['a label is missing', [], '{a="$missing"}', 'unknown: the query has no value for $missing: it may use'],
    ])('and is opened without them where %s', async (_what, found, query, text) => {
      expect((await linesOf(found, {}, query)).text).toContain(text);
    });

    test('only where the webhook reaches Loki', async () => {
      expect(await evidenceOf({ logs: LOGS }, { client_ip: '203.0.113.7' })).not.toHaveProperty('log lines');
    });
  });

  describe('has a threat level', () => {
    const FEEDS = [{ name: 'botnet', fetched: '2026-03-04T11:17:00.000Z' }];

    /** The level in the evidence, the summary, and the address that was looked up. */
    async function threatOf(answer: ThreatVerdict | Error, labels: Readonly<Record<string, string>>) {
      const made = attempt({}, labels);
      const verdict = jest.fn(async () => {
        if (answer instanceof Error) {
          throw answer;
        }
        return answer;
      });
      const { evidence, summary } = await openIncidentAction.execute(
        { ...made, clients: { ...made.clients, threats: { verdict } } },
        PLAN,
      );
      return { text: evidence!.threat_level, summary, asked: (verdict.mock.calls as unknown[][])[0]?.[0] };
    }

    test.each(['client_ip', 'source_ip'])('of the address in %s, with the feeds that name it', async (label) => {
      expect(await threatOf({ level: 'high', feeds: FEEDS }, { [label]: '203.0.113.7' })).toEqual({
        text: 'high: botnet of 2026-03-04T11:17:00.000Z',
        summary: 'opened an incident for BruteForceByIP with 3 facts, threat level high',
        asked: '203.0.113.7',
      });
    });

    test('none for an address that no feed names', async () => {
      expect(await threatOf({ level: 'none', feeds: [] }, { client_ip: '2001:db8::7' })).toMatchObject({
        text: 'none',
        asked: '2001:db8::7',
      });
    });

    test('unknown, and is opened, when nobody answers', async () => {
      expect(await threatOf(new Error('connect ECONNREFUSED'), { client_ip: '203.0.113.7' })).toMatchObject({
        text: 'unknown: connect ECONNREFUSED',
        summary: expect.stringMatching(/threat level unknown$/),
      });
    });

    test.each<Readonly<Record<string, string>>>([{}, { client_ip: '' }, { client_ip: '../../healthz' }, { user: 'a' }])(
      'only of an address: %j has none',
      async (labels) => {
        expect(await threatOf({ level: 'high', feeds: FEEDS }, labels)).toMatchObject({
          text: undefined,
          asked: undefined,
        });
      },
    );
  });

  test('is open when the record holds evidence', async () => {
    const made = attempt({});
    const seen = (evidence: Readonly<Record<string, string>> | undefined) =>
      openIncidentAction.verify!(
        { ...made, record: { ...made.record, status: { ...made.record.status, evidence } } },
        PLAN,
      );
    expect([await seen({ since: 'now' }), await seen({}), await seen(undefined)]).toEqual([1, 0, 0]);
  });
});

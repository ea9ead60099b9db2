import { openIncident } from '../../../remediation';
import { logLink } from '../../../remediation/actions/open-incident';

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

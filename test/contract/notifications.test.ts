import { join } from 'node:path';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { ROOT } from '../../tools/catalogue';
import { describeWithTools, runTool } from '../support/tools';

const TEMPLATES = join(ROOT, 'constructs', 'alert-routing', 'templates', '*.tmpl');

/** A label's value with everything that a text could read as markup. */
const NASTY = 'a b+c "q" \\x <!channel> & <https://evil.example.com|click>';

interface Group {
  readonly firing: number;
  readonly resolved?: number;
  readonly common?: Readonly<Record<string, string>>;
  /** Added to the summary and the description of each alert. */
  readonly text?: string;
}

/** A group of alerts as Alertmanager gives it to a template. */
function dataOf({ firing, resolved = 0, common = {}, text = '' }: Group): object {
  const commonLabels = { alertname: 'PodNotReady', cluster: 'prod', severity: 'critical', ...common };
  const alert = (status: string, n: number) => ({
    status,
    labels: { ...commonLabels, pod: `backend-${n}` },
    annotations: {
      summary: `Pod ${n} is not ready ${text}`,
      description: `Pod ${n} has not been ready for ten minutes. ${text}`,
      runbook_url: 'https://runbooks.example.com/PodNotReady',
      dashboard_url: 'https://grafana.example.com/d/pods?a=1&b=2',
    },
    startsAt: '2026-01-01T00:00:00Z',
    endsAt: '2026-01-01T01:00:00Z',
  });
  return {
    receiver: 'level-critical',
    status: firing > 0 ? 'firing' : 'resolved',
    alerts: [
      ...Array.from({ length: firing }, (_, n) => alert('firing', n)),
      ...Array.from({ length: resolved }, (_, n) => alert('resolved', n)),
    ],
    groupLabels: { alertname: 'PodNotReady' },
    commonLabels,
    commonAnnotations: firing + resolved === 1 ? { summary: `Pod 0 is not ready ${text}` } : {},
    externalURL: 'https://alertmanager.example.com',
  };
}

describeWithTools(['amtool'], 'The texts of notifications', () => {
  const directory = temporaryDirectory();
  let files = 0;

  /** The text of a template. */
  function rendered(template: string, group: Group, type: 'text' | 'html' = 'text'): string {
    files += 1;
    const data = writeInto(directory, `${files}.json`, JSON.stringify(dataOf(group)));
    const { code, output } = runTool(
      'amtool',
      'template',
      'render',
      `--template.glob=${TEMPLATES}`,
      `--template.text={{ template "monitoring.${template}" . }}`,
      `--template.data=${data}`,
      `--template.type=${type}`,
    );
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(output).not.toContain('no value');
    return output.replace(/\n$/, '');
  }

  it.each([
    // Slack refuses or cuts messages above 40,000 characters.
    [
      'slack.text',
      'and 985 more firing: <https://alertmanager.example.com/#/alerts?receiver=level-critical|all alerts>',
    ],
    ['email.text', 'and 975 more: https://alertmanager.example.com/#/alerts?receiver=level-critical'],
    ['description', 'and 985 more: https://alertmanager.example.com/#/alerts?receiver=level-critical'],
  ])('list the first alerts of 1,000, and say how many more there are: %s', (template, more) => {
    const few = rendered(template, { firing: 1 });
    const many = rendered(template, { firing: 1000 });
    expect(few).toContain('Pod 0 is not ready');
    expect(few).not.toContain('more');
    expect(many).toContain(more);
    expect(many).toContain('Pod 14 is not ready');
    expect(many.length).toBeLessThan(8000);
    expect(rendered(template, { firing: 1000, text: 'x'.repeat(5000) }).length).toBeLessThan(30_000);
  });

  it('list the first alerts in a mail for people and in the details of PagerDuty as well', () => {
    const html = rendered('email.html', { firing: 1000 }, 'html');
    expect(html).toMatch(/and 975 more: <a href="https:..alertmanager.example.com.#.alerts\?receiver=level-critical">/);
    expect(html).toContain('<h3 style="margin-bottom: 0">Pod 24 is not ready </h3>');
    expect(html).not.toContain('Pod 25');
    expect(JSON.parse(rendered('pagerduty.firing', { firing: 1000 }))).toHaveLength(15);
    expect(JSON.parse(rendered('pagerduty.firing', { firing: 2 }))).toHaveLength(2);
    expect(JSON.parse(rendered('pagerduty.resolved', { firing: 2, resolved: 40 }))).toHaveLength(15);
    expect(JSON.parse(rendered('pagerduty.resolved', { firing: 2 }))).toEqual([]);
  });

  it('name resolved alerts after those that fire, and count both', () => {
    const text = rendered('slack.text', { firing: 20, resolved: 9 });
    expect(text).toContain('and 5 more firing');
    expect(text).toContain('and 4 more resolved');
    expect(text.match(/:white_check_mark:/g)).toHaveLength(5);
  });

  it.each(['slack.title', 'slack.text'])('escape for Slack what a label brings in: %s', (template) => {
    const text = rendered(template, { firing: 1, text: NASTY, common: { cluster: NASTY } });
    expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example.com|click&gt;');
    expect(text).not.toMatch(/<!|<https:..evil/);
  });

  it('keep the links of Slack whole', () => {
    const text = rendered('slack.text', { firing: 1 });
    expect(text).toContain('<https://runbooks.example.com/PodNotReady|Runbook>');
    expect(text).toContain('<https://grafana.example.com/d/pods?a=1&amp;b=2|Dashboard>');
  });

  it.each([
    ['text', 'silence', (text: string) => text],
    [
      'html',
      'email.html',
      (html: string) => /<a href="([^"]*)">Silence<.a>/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '',
    ],
  ] as const)('link to a silence of the common labels, with %s', (type, template, linkOf) => {
    const link = linkOf(rendered(template, { firing: 2, common: { team: NASTY } }, type));
    expect(link).toMatch(/^https:..alertmanager.example.com.#.silences.new\?filter=/);
    // Alertmanager's page decodes %20, and leaves + as it is.
    expect(link).not.toContain('+');
    expect(decodeURIComponent(link.split('filter=')[1]!)).toBe(
      '{alertname="PodNotReady", cluster="prod", severity="critical", ' +
        'team="a b+c \\"q\\" \\\\x <!channel> & <https://evil.example.com|click>"}',
    );
  });

  it('link to the alerts instead of a silence that a link cannot hold', () => {
    const common = { path: 'x'.repeat(2000) };
    expect(rendered('silence', { firing: 2, common })).toBe('https://alertmanager.example.com/#/alerts');
  });

  it.each<[string, Group]>([
    ['an alert', { firing: 1 }],
    ['many alerts', { firing: 20_000 }],
    ['a long summary', { firing: 1, text: 'long '.repeat(100) }],
    ['characters that no phone has', { firing: 1, text: NASTY, common: { cluster: '日本 [eu] {1}' } }],
  ])('are one text message for %s', (_name, group) => {
    const text = rendered('sms', group);
    expect(text.length).toBeLessThanOrEqual(160);
    // The alphabet of GSM, without the characters of its extension table, which count twice.
    expect(text).toMatch(/^[ -Z_a-z]*$/);
    expect(text).toMatch(new RegExp(`^FIRING ${group.firing}: critical `));
  });

  it('link to the runbook in a text message that has room for it', () => {
    expect(rendered('sms', { firing: 3 })).toBe(
      'FIRING 3: critical prod: PodNotReady https://runbooks.example.com/PodNotReady',
    );
  });

  it('have a title of bounded length', () => {
    expect(rendered('title', { firing: 1, text: 'x'.repeat(2000) }).length).toBeLessThan(300);
    expect(rendered('slack.title', { firing: 1, text: 'x'.repeat(2000) }).length).toBeLessThan(200);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { type AlertingRule, isAlertingRule, RuleCatalogue, type RuleGroup } from '../../rules';
import { ROOT } from '../../tools/catalogue';
import type { Series } from './evaluate';
import type { Labels, LogLine } from './lines';

/** Directory of the tests of rules over logs. */
export const LOG_TESTS = join(ROOT, 'rules', 'logs', 'tests');

/** Lines of a test. */
export interface TestLines {
  /** Time of the first line, e.g. `1m`, from the beginning of the test on. */
  readonly at: string;
  /** Sender of the line, by a name of `SENDERS`. */
  readonly from: keyof typeof SENDERS;
  /** Value of the label `level`. @default info */
  readonly level?: string;
  /** The line. `#` stands for the number of the line, from 1 on. */
  readonly text: string;
  /** Number of lines. @default 1 */
  readonly times?: number;
  /** Time between two lines. @default 1s */
  readonly every?: string;
}

/** An alert that must fire: its labels, without those of the rule, and its texts. */
export interface ExpectedAlert {
  readonly labels: Labels;
  readonly summary: string;
  readonly description: string;
}

/** A test of one alert. */
export interface RuleTest {
  readonly name: string;
  readonly lines: readonly TestLines[];
  readonly expect: readonly { readonly at: string; readonly alerts: readonly ExpectedAlert[] }[];
}

const SIGHTEDIT = { service_name: 'sightedit', cluster: 'production', namespace: 'sightedit', app: 'sightedit' };
const BACKEND = {
  ...SIGHTEDIT,
  component: 'backend',
  container: 'backend',
  k8s_pod_name: 'sightedit-backend-7d9c4-aaaaa',
};
const CDN = { ...SIGHTEDIT, component: 'cdn', container: 'nginx', k8s_pod_name: 'sightedit-cdn-5f6b8-bbbbb' };

/** Labels of lines as the agents set them. */
export const SENDERS = {
  security: { ...BACKEND, stream: 'security' },
  business: { ...BACKEND, stream: 'business' },
  backend: { ...BACKEND, stream: 'application' },
  access: { ...CDN, stream: 'access' },
  cdn: { ...CDN, stream: 'application' },
  website: { ...SIGHTEDIT, component: 'website', container: 'website', stream: 'application' },
  postgres: { ...SIGHTEDIT, service_name: 'postgres', app: 'postgres', container: 'postgres', stream: 'application' },
  node: { service_name: 'kernel', cluster: 'production', app: 'kernel', stream: 'node', k8s_node_name: 'node-a' },
  audit: { service_name: 'kube-apiserver', cluster: 'production', app: 'kube-apiserver', stream: 'audit' },
} as const satisfies { readonly [name: string]: Labels };

/** An alert over logs with its group and its tests. */
export interface TestedRule {
  readonly rule: AlertingRule;
  readonly group: RuleGroup;
  readonly tests: readonly RuleTest[];
}

/** Every alert over logs that has a test. */
export function testedRules(): readonly TestedRule[] {
  const groups = RuleCatalogue.sightEdit().logs.flatMap((file) => file.groups);
  return readdirSync(LOG_TESTS)
    .map((file) => basename(file, '.yaml'))
    .map((name) => {
      const { tests } = load(readFileSync(join(LOG_TESTS, `${name}.yaml`), 'utf8')) as { tests: readonly RuleTest[] };
      const found = groups.flatMap((group) =>
        group.rules.filter(isAlertingRule).flatMap((rule) => (rule.alert === name ? [{ rule, group, tests }] : [])),
      );
      if (!found[0]) {
        throw new Error(`${name}.yaml is the test of no alert over logs`);
      }
      return found[0];
    });
}

/** The lines of a test, in the order of their times. `begin` is the time of its beginning, in seconds. */
export function linesOf(test: Pick<RuleTest, 'lines'>, begin: number): readonly LogLine[] {
  return test.lines
    .flatMap(({ at, from, level = 'info', text, times = 1, every = '1s' }) =>
      Array.from({ length: times }, (_, index) => ({
        at: begin + seconds(at) + index * seconds(every),
        labels: { ...SENDERS[from], level },
        text: text.replaceAll('#', String(index + 1)),
      })),
    )
    .sort((one, other) => one.at - other.at);
}

/** The result of an expression at a time. */
export type Query = (expr: string, at: number) => Promise<readonly Series[]>;

/** The alerts that fire at a time, as the ruler finds them: with each series for the time that the rule waits. */
export async function firing({ rule, group }: TestedRule, query: Query, at: number): Promise<readonly ExpectedAlert[]> {
  const interval = seconds(group.interval ?? '30s');
  const now = await query(rule.expr, at);
  let lasting = now;
  for (let before = interval; before <= seconds(rule.for ?? '0s'); before += interval) {
    const then = new Set((await query(rule.expr, at - before)).map(({ labels }) => keyOf(labels)));
    lasting = lasting.filter(({ labels }) => then.has(keyOf(labels)));
  }
  return lasting
    .map(({ labels, value }) => ({
      labels,
      summary: withValues(rule.annotations.summary!, labels, value),
      description: withValues(rule.annotations.description!, labels, value),
    }))
    .sort((one, other) => (keyOf(one.labels) < keyOf(other.labels) ? -1 : 1));
}

/** Seconds of a time of a test. */
export function seconds(time: string): number {
  const [, hours = 0, minutes = 0, rest = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(time) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** A text of an alert with labels and the value filled in, as the templates of the rules use them. */
function withValues(text: string, labels: Labels, value: number): string {
  return text
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
    .replaceAll('{{ $value }}', String(value))
    .replaceAll('{{ $value | humanize }}', humanized(value));
}

/** The function `humanize` of Prometheus, for numbers of 1 and more. */
function humanized(value: number): string {
  const power = Math.min(Math.floor(Math.log10(value) / 3), 4);
  return `${Number((value / 1000 ** power).toPrecision(4))}${['', 'k', 'M', 'G', 'T'][power]}`;
}

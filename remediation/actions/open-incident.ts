import * as v from 'valibot';
import type { Sample } from '../clients';
import { type PolicyOptions, type RemediationPolicy, remediationPolicy } from '../policy';
import { placeholdersOf, renderQuery } from '../promql';
import type { RecordedAlert } from '../record';
import { type SchemasOf, text } from '../schema';
import { visibleText } from '../visible-text';
import type { Action, Attempt } from './action';
import { cidrOf } from './addresses';

/** Which logs the responders read. */
export interface LogLink {
  /** Public address of Grafana: `https://grafana.example.com`. */
  readonly grafanaUrl: string;
  /** UID of the Loki data source. */
  readonly datasource: string;
  /**
   * LogQL, with placeholders as in `queries`: `{stream="security"} | json source_ip="source_ip" | source_ip="$client_ip"`.
   * Of several, the first whose placeholders are all labels of the alert.
   */
  readonly query: string | readonly string[];
}

/** Parameters of `openIncident()`. */
export interface OpenIncidentParameters {
  /**
   * PromQL for the responders, by name: `{ 'failed logins': 'sum(…{client_ip="$client_ip"})' }`. A placeholder stands
   * for a label of the alert, and must stand inside quotes.
   * @default - none
   */
  readonly queries?: { readonly [name: string]: string };
  /**
   * Logs for the responders: a link, and, if the webhook reaches Loki, the last lines before the alert.
   * @default - neither
   */
  readonly logs?: LogLink;
}

/** Parameters and options of `openIncident()`. */
export interface OpenIncidentProps extends OpenIncidentParameters, PolicyOptions {}

/** Parameters of `openIncident()` with the defaults filled in. */
export interface OpenIncident extends Required<Pick<OpenIncidentParameters, 'queries'>> {
  /** Logs for the responders. @default - none */
  readonly logs?: LogLink;
}

/** A query whose placeholders stand inside quotes. */
const template = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed) {
      try {
        placeholdersOf(dataset.value);
      } catch (error) {
        addIssue({ message: (error as Error).message });
      }
    }
  }),
);

const logLinkSettings = v.strictObject({
  grafanaUrl: v.pipe(
    v.string(),
    v.check(
      (url) => /^https?:\/\//.test(url) && URL.canParse(url),
      'write an address such as https://grafana.example.com',
    ),
  ),
  datasource: text,
  query: v.union([template, v.pipe(v.array(template), v.nonEmpty('write a query'))]),
} satisfies SchemasOf<LogLink>);

const parameters = v.strictObject({
  queries: v.optional(v.record(v.string(), template), {}),
  logs: v.optional(logLinkSettings),
} satisfies SchemasOf<OpenIncidentParameters>);

/**
 * Opens an incident for a security alert: the record keeps what is known when it begins, because counters move on and
 * logs expire. It changes nothing.
 *
 * @throws SettingError when a query has a placeholder outside quotes, or the address of Grafana is invalid
 */
export function openIncident(props: OpenIncidentProps = {}): RemediationPolicy<'open-incident', OpenIncident> {
  return remediationPolicy('open-incident', parameters, { budgetPerHour: 20, ...props });
}

/** Labels that route an alert and say nothing about its subject. */
const ROUTING_LABELS: readonly string[] = ['alertname', 'severity', 'category', 'remediation'];

const MAXIMUM_SERIES = 10;
const MAXIMUM_LENGTH = 2_000;

/** Labels that hold the address of an alert. */
const ADDRESS_LABELS = ['client_ip', 'source_ip'];

/** Lines that a record keeps, and the characters of each. The API server keeps records in etcd. */
const MAXIMUM_LINES = 20;
const MAXIMUM_LINE = 400;

/** Time range of the logs: from before the alert began until after now. */
const BEFORE_MS = 1_800_000;
const AFTER_MS = 300_000;

/** @internal */
export const openIncidentAction: Action<OpenIncident> = {
  kind: 'open-incident',
  parameters,
  onlyReads: true,
  purpose: 'incident',

  describe: ({ queries, logs }) => {
    const parts = ["the alert's labels", ...Object.keys(queries), ...(logs ? ['log lines and a link to them'] : [])];
    return `Opens an incident for the responders with the facts at its beginning: ${parts.join(', ')}. It changes nothing.`;
  },

  requirements: () => ({ permissions: [], allowedUpdates: [], connections: [] }),

  targets: () => [{ kind: 'Incident', name: '' }],

  queries: ({ queries }) => Object.values(queries),

  // The fingerprint is a hash of the labels, so an alert that fires again is the same target and has its cooldown.
  findTarget: async ({ name, fingerprint }) => ({ kind: 'Incident', name: `${name}/${fingerprint}` }),

  isTarget: (target, { name, fingerprint }) => target.kind === 'Incident' && target.name === `${name}/${fingerprint}`,

  plan: async ({ record, parameters: { queries } }) => ({
    summary: `gather the evidence for ${record.spec.alert.name}`,
    details: { queries: Object.keys(queries) },
  }),

  async execute(attempt) {
    const { alert } = attempt.record.spec;
    const { queries, logs } = attempt.parameters;
    const answers = await Promise.all(
      Object.entries(queries).map(async ([name, query]) => [name, await answer(attempt, query)] as const),
    );
    const threat = await threatOf(attempt);
    const evidence = {
      ...Object.fromEntries(labelsOf(alert).map(([label, value]) => [`label ${label}`, shorten(value)])),
      since: alert.startsAt,
      ...(threat && { threat_level: threat.text }),
      ...Object.fromEntries(answers),
      ...(logs ? { logs: logLink(logs, alert, attempt.clients.now()), ...(await logLines(attempt, logs)) } : {}),
    };
    const facts = `${Object.keys(evidence).length} facts${threat ? `, threat level ${threat.level}` : ''}`;
    return { summary: `opened an incident for ${alert.name} with ${facts}`, evidence };
  },

  /** The effect is the evidence in the record. */
  verify: async ({ record }) => Number(Object.keys(record.status.evidence ?? {}).length > 0),
};

function labelsOf({ labels }: RecordedAlert): readonly (readonly [string, string])[] {
  return Object.entries(labels).filter(([label]) => !ROUTING_LABELS.includes(label));
}

/** The answer to a query as text. The incident is opened even when Prometheus does not answer. */
async function answer({ record, clients, signal }: Attempt<OpenIncident>, query: string): Promise<string> {
  try {
    const samples = await clients.prometheus.query(renderQuery(query, record.spec.alert.labels), signal);
    return samples.length === 0 ? 'no data' : shorten(describe(samples));
  } catch (error) {
    return shorten(`unknown: ${(error as Error).message}`);
  }
}

/** What threat intelligence says about the address of the alert. The incident is opened even when it does not answer. */
async function threatOf({
  record,
  clients,
  signal,
}: Attempt<OpenIncident>): Promise<{ readonly level: string; readonly text: string } | undefined> {
  const { labels } = record.spec.alert;
  const address = ADDRESS_LABELS.map((label) => labels[label]).find((value) => value && cidrOf(value));
  if (!clients.threats || !address) {
    return undefined;
  }
  try {
    const { level, feeds } = await clients.threats.verdict(address, signal);
    const sources = feeds.map(({ name, fetched }) => `${name} of ${fetched}`);
    return { level, text: shorten(sources.length > 0 ? `${level}: ${sources.join(', ')}` : level) };
  } catch (error) {
    return { level: 'unknown', text: shorten(`unknown: ${(error as Error).message}`) };
  }
}

function describe(samples: readonly Sample[]): string {
  const sorted = [...samples].sort((one, other) => other.value - one.value);
  const lines = sorted.slice(0, MAXIMUM_SERIES).map(({ labels, value }) => {
    const names = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    return names.length > 0 ? `{${names.join(', ')}} ${value}` : `${value}`;
  });
  const rest = samples.length - lines.length;
  return [...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
}

/**
 * The first query whose placeholders are labels of the alert, filled in.
 *
 * @throws when there is none
 */
function logQuery(query: LogLink['query'], { labels }: RecordedAlert): string {
  const queries = typeof query === 'string' ? [query] : query;
  const fitting = queries.find((each) => placeholdersOf(each).every((name) => labels[name]));
  return renderQuery(fitting ?? queries.at(-1)!, labels);
}

/**
 * The last lines before the alert, oldest first. Anybody who causes log lines decides what is in them. The incident is
 * opened even when Loki does not answer.
 */
async function logLines(
  { record, clients, signal }: Attempt<OpenIncident>,
  { query }: LogLink,
): Promise<{ readonly [name: string]: string }> {
  if (!clients.loki) {
    return {};
  }
  const { alert } = record.spec;
  const began = Date.parse(alert.startsAt);
  const to = new Date(Math.min(began + AFTER_MS, clients.now().getTime()));
  const range = { from: new Date(began - BEFORE_MS), to, limit: MAXIMUM_LINES };
  try {
    const lines = await clients.loki.lines(logQuery(query, alert), range, signal);
    const shown = lines.map(({ time, text }) => `${time.toISOString()} ${shorten(oneLine(text), MAXIMUM_LINE)}`);
    return { 'log lines': shown.length === 0 ? 'none' : shown.join('\n') };
  } catch (error) {
    return { 'log lines': shorten(`unknown: ${(error as Error).message}`) };
  }
}

function oneLine(text: string): string {
  return visibleText(text.replaceAll('\n', '⏎'));
}

/**
 * A link that opens the query in Grafana Explore.
 * https://grafana.com/docs/grafana/latest/visualizations/explore/get-started-with-explore/
 *
 * @internal
 */
export function logLink({ grafanaUrl, datasource, query }: LogLink, alert: RecordedAlert, now: Date): string {
  let expr: string;
  try {
    expr = logQuery(query, alert);
  } catch (error) {
    return `no link: ${(error as Error).message}`;
  }
  const range = { from: `${Date.parse(alert.startsAt) - BEFORE_MS}`, to: `${now.getTime() + AFTER_MS}` };
  const source = { type: 'loki', uid: datasource };
  const panes = { incident: { datasource, queries: [{ refId: 'A', datasource: source, expr }], range } };
  const parameters = new URLSearchParams({ schemaVersion: '1', orgId: '1', panes: JSON.stringify(panes) });
  return `${grafanaUrl.replace(/\/+$/, '')}/explore?${parameters}`;
}

function shorten(text: string, length = MAXIMUM_LENGTH): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

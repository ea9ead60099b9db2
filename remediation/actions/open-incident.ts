import type { Sample } from '../clients';
import { ParameterError, type RemediationPolicy, type ResponseOptions, remediationPolicy } from '../policy';
import { placeholdersOf, renderQuery } from '../promql';
import type { RecordedAlert } from '../record';
import type { Action, Run } from './action';

export interface OpenIncident {
  /**
   * What the responders want to know, in PromQL, by name: `{ 'failed logins': 'sum(…{client_ip="$client_ip"})' }`. A
   * placeholder stands for a label of the alert, and may stand inside quotes alone.
   * @default - nothing is asked
   */
  readonly queries?: { readonly [name: string]: string };
  /** Logs that tell more. @default - no link */
  readonly logs?: LogLink;
}

/** A link to logs in Grafana's Explore. */
export interface LogLink {
  /** Where people reach Grafana: `https://grafana.example.com`. */
  readonly grafanaUrl: string;
  /** UID of the data source Loki. */
  readonly datasource: string;
  /** LogQL, with placeholders as in `queries`: `{log_type="security"} | json | source_ip="$client_ip"`. */
  readonly query: string;
}

/**
 * Opens an incident for a security alert: the record holds what is known when it begins, since counters move on and logs
 * expire. It changes nothing.
 *
 * @throws ParameterError when a query has a placeholder outside quotes, or a link leads nowhere
 */
export function openIncident(props: OpenIncident & ResponseOptions = {}): RemediationPolicy<'open-incident'> {
  const { queries = {}, logs, ...options } = props;
  for (const [name, query] of Object.entries(queries)) {
    checkQuery(`queries.${name}`, query);
  }
  if (logs) {
    checkQuery('logs.query', logs.query);
    if (!/^https?:\/\//.test(logs.grafanaUrl) || !URL.canParse(logs.grafanaUrl)) {
      throw new ParameterError(
        'logs.grafanaUrl',
        logs.grafanaUrl,
        'write an address such as https://grafana.example.com',
      );
    }
  }
  return remediationPolicy('open-incident', { queries, logs }, { budgetPerHour: 20, ...options });
}

function checkQuery(parameter: string, query: string): void {
  try {
    placeholdersOf(query);
  } catch (error) {
    throw new ParameterError(parameter, query, (error as Error).message);
  }
}

/** Labels that say where an alert goes, not what it is about. */
const ROUTING_LABELS: readonly string[] = ['alertname', 'severity', 'category', 'remediation'];

const MAXIMUM_SERIES = 10;
const MAXIMUM_LENGTH = 2_000;

/** The logs begin so long before the alert, and end so long after now. */
const BEFORE_MS = 1_800_000;
const AFTER_MS = 300_000;

export const openIncidentAction: Action<OpenIncident> = {
  kind: 'open-incident',
  onlyLooks: true,

  describe: ({ queries = {}, logs }) => {
    const parts = ["the alert's labels", ...Object.keys(queries), ...(logs ? ['a link to the logs'] : [])];
    return `Opens an incident for the responders, with what is known at its beginning: ${parts.join(', ')}. It changes nothing.`;
  },

  requirements: () => ({ permissions: [], allowedUpdates: [], connections: [] }),

  targets: () => [{ kind: 'Incident', name: '' }],

  // The fingerprint is that of the labels: the same alert, whenever it fires, is the same target and has its rest.
  findTarget: async ({ name, fingerprint }) => ({ kind: 'Incident', name: `${name}/${fingerprint}` }),

  plan: async ({ record, parameters }) => ({
    summary: `gather the evidence for ${record.spec.alert.name}`,
    details: { queries: Object.keys(parameters.queries ?? {}) },
  }),

  async execute(run) {
    const { alert } = run.record.spec;
    const { queries = {}, logs } = run.parameters;
    const answers = await Promise.all(
      Object.entries(queries).map(async ([name, query]) => [name, await answer(run, query)] as const),
    );
    const evidence = {
      ...Object.fromEntries(labelsOf(alert).map(([label, value]) => [`label ${label}`, shorten(value)])),
      since: alert.startsAt,
      ...Object.fromEntries(answers),
      ...(logs ? { logs: logLink(logs, alert, run.tools.now()) } : {}),
    };
    return { summary: `opened an incident for ${alert.name} with ${Object.keys(evidence).length} facts`, evidence };
  },

  /** The effect is the evidence itself, which stands in the record or does not. */
  verify: async ({ record }) => Number(Object.keys(record.status.evidence ?? {}).length > 0),
};

function labelsOf({ labels }: RecordedAlert): readonly (readonly [string, string])[] {
  return Object.entries(labels).filter(([label]) => !ROUTING_LABELS.includes(label));
}

/** What a query yields, in words. An incident is opened all the same when one cannot be answered. */
async function answer({ record, tools, signal }: Run<OpenIncident>, query: string): Promise<string> {
  try {
    const samples = await tools.prometheus.query(renderQuery(query, record.spec.alert.labels), signal);
    return samples.length === 0 ? 'no data' : shorten(describe(samples));
  } catch (error) {
    return shorten(`unknown: ${(error as Error).message}`);
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
 * A link that opens the query in Grafana. https://grafana.com/docs/grafana/latest/visualizations/explore/get-started-with-explore/
 */
export function logLink({ grafanaUrl, datasource, query }: LogLink, alert: RecordedAlert, now: Date): string {
  let expr: string;
  try {
    expr = renderQuery(query, alert.labels);
  } catch (error) {
    return `no link: ${(error as Error).message}`;
  }
  const range = { from: `${Date.parse(alert.startsAt) - BEFORE_MS}`, to: `${now.getTime() + AFTER_MS}` };
  const source = { type: 'loki', uid: datasource };
  const panes = { incident: { datasource, queries: [{ refId: 'A', datasource: source, expr }], range } };
  const parameters = new URLSearchParams({ schemaVersion: '1', orgId: '1', panes: JSON.stringify(panes) });
  return `${grafanaUrl.replace(/\/+$/, '')}/explore?${parameters}`;
}

function shorten(text: string): string {
  return text.length > MAXIMUM_LENGTH ? `${text.slice(0, MAXIMUM_LENGTH)}…` : text;
}

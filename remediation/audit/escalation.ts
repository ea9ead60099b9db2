import { readFileSync } from 'node:fs';
import type { Log } from './log';
import type { Metrics } from './metrics';
import type { OwnAlertName, OwnAlerts } from './own-alerts';
import { slackText } from './slack-text';

/** An alert that the server raises itself. */
export interface OwnAlert {
  readonly name: OwnAlertName;
  /** Labels beside those of the rule, as its expression yields them. */
  readonly labels: { readonly [name: string]: string };
  readonly annotations: { readonly [name: string]: string };
}

export interface EscalationProps {
  readonly alertmanagers: readonly string[];
  readonly externalLabels: { readonly [name: string]: string };
  readonly ownAlerts: OwnAlerts;
  readonly links?: { readonly runbooks?: string; readonly dashboard?: string };
  readonly slack?: { readonly channel: string; readonly tokenFile: string; readonly url?: string };
  readonly metrics: Metrics;
  readonly log: Log;
}

/** How long an alert fires that is raised here. The rule of the same name keeps it firing. */
const FIRING_MS = 15 * 60_000;
const TIMEOUT_MS = 10_000;
/** Slack messages per minute. The rest is summarised as a number. */
const SLACK_PER_MINUTE = 6;

/** Notifies people: through Alertmanager, whose routes know the recipients, and in a Slack channel. */
export class Escalation {
  private sent: number[] = [];
  private heldBack = 0;

  constructor(private readonly props: EscalationProps) {}

  /**
   * Raises an alert at every Alertmanager, with the labels of the rule of the same name, external labels included.
   * Alertmanager treats both as one alert and notifies once: about this one, which comes first and so has the links
   * too.
   */
  async raiseAlert({ name, labels, annotations }: OwnAlert): Promise<void> {
    const { externalLabels, ownAlerts, alertmanagers } = this.props;
    const alert = {
      labels: { ...externalLabels, alertname: name, ...ownAlerts[name], ...labels },
      annotations: { ...annotations, ...this.linksOf(name) },
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + FIRING_MS).toISOString(),
    };
    const results = await Promise.allSettled(alertmanagers.map((url) => post(`${url}/api/v2/alerts`, [alert], {})));
    this.count('alertmanager', results);
  }

  private linksOf(alert: OwnAlertName): OwnAlert['annotations'] {
    const { runbooks, dashboard } = this.props.links ?? {};
    return {
      ...(runbooks ? { runbook_url: `${runbooks}/${alert}` } : {}),
      ...(dashboard ? { dashboard_url: dashboard } : {}),
    };
  }

  /** Posts a message to Slack, as plain text. Messages above the limit per minute are counted instead, for `summarise()`. */
  async postToSlack(text: string): Promise<void> {
    if (!this.props.slack) {
      return;
    }
    this.sent = this.sent.filter((time) => Date.now() - time < 60_000);
    if (this.sent.length >= SLACK_PER_MINUTE) {
      this.heldBack += 1;
      return;
    }
    this.sent.push(Date.now());
    await this.post(text);
  }

  /** Posts how many messages were held back. Call it every minute. */
  async summarise(): Promise<void> {
    if (this.heldBack > 0) {
      const count = this.heldBack;
      this.heldBack = 0;
      await this.post(`… and ${count} more decisions: kubectl get remediations`);
    }
  }

  private async post(text: string): Promise<void> {
    const { channel, tokenFile, url = 'https://slack.com/api/chat.postMessage' } = this.props.slack!;
    const result = await Promise.allSettled([
      (async () => {
        const token = readFileSync(tokenFile, 'utf8').trim();
        const body = { channel, text: slackText(text), unfurl_links: false, unfurl_media: false };
        const answer = await post(url, body, { authorization: `Bearer ${token}` });
        // Slack answers 200 to a rejected message too. https://docs.slack.dev/apis/web-api/#responses
        const { ok, error } = JSON.parse(answer) as { readonly ok: boolean; readonly error?: string };
        if (!ok) {
          throw new Error(`Slack rejected the message: ${error}`);
        }
      })(),
    ]);
    this.count('slack', result);
  }

  private count(channel: string, results: readonly PromiseSettledResult<unknown>[]): void {
    for (const result of results) {
      const failed = result.status === 'rejected';
      this.props.metrics.escalations.inc({ channel, result: failed ? 'failed' : 'sent' });
      if (failed) {
        this.props.log('error', `notification failed: ${(result.reason as Error).message}`, { channel });
      }
    }
  }
}

async function post(url: string, body: unknown, headers: { readonly [name: string]: string }): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  }
  return text;
}

import { readFileSync } from 'node:fs';
import type { Log } from './log';
import type { Metrics } from './metrics';

/** An alert that the webhook raises itself. */
export interface OwnAlert {
  readonly labels: { readonly [name: string]: string };
  readonly annotations: { readonly [name: string]: string };
}

export interface EscalationProps {
  readonly alertmanagers: readonly string[];
  readonly externalLabels: { readonly [name: string]: string };
  readonly links?: { readonly runbooks?: string; readonly dashboard?: string };
  readonly slack?: { readonly channel: string; readonly tokenFile: string; readonly url?: string };
  readonly metrics: Metrics;
  readonly log: Log;
}

/** How long an alert that is raised here fires. The rule on the metric of the same name keeps it up. */
const FIRING_MS = 15 * 60_000;
const TIMEOUT_MS = 10_000;
/** Messages to Slack in a minute; what is more is told as a number. */
const SLACK_PER_MINUTE = 6;

/** Tells humans: through Alertmanager, whose routes know who answers, and in a channel of Slack. */
export class Escalation {
  private sent: number[] = [];
  private heldBack = 0;

  constructor(private readonly props: EscalationProps) {}

  /**
   * Raises an alert at every Alertmanager. Its labels are those of the rule of the same name, external ones included, so
   * the two are one alert, and whoever is told is told once: by this one, which comes first and needs the links, too.
   */
  async raiseAlert({ labels, annotations }: OwnAlert): Promise<void> {
    const alert = {
      labels: { ...this.props.externalLabels, ...labels },
      annotations: { ...annotations, ...this.linksOf(labels.alertname!) },
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + FIRING_MS).toISOString(),
    };
    const results = await Promise.allSettled(
      this.props.alertmanagers.map((url) => post(`${url}/api/v2/alerts`, [alert], {})),
    );
    this.count('alertmanager', results);
  }

  private linksOf(alert: string): OwnAlert['annotations'] {
    const { runbooks, dashboard } = this.props.links ?? {};
    return {
      ...(runbooks ? { runbook_url: `${runbooks}/${alert}` } : {}),
      ...(dashboard ? { dashboard_url: dashboard } : {}),
    };
  }

  /** Says something in Slack, unless a storm has filled the minute: then how much more there was is said later. */
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

  /** Says how many messages were held back. Called every minute. */
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
        const answer = await post(url, { channel, text }, { authorization: `Bearer ${token}` });
        // Slack answers 200 to what it refuses, and says so in the body.
        const { ok, error } = JSON.parse(answer) as { readonly ok: boolean; readonly error?: string };
        if (!ok) {
          throw new Error(`Slack refused: ${error}`);
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
        this.props.log('error', `a human was not told: ${(result.reason as Error).message}`, { channel });
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

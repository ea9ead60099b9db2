import type { AlertmanagerConfig } from '../../formats/alertmanager';
import type { RuleFile } from '../../rules';
import { startPrometheus } from '../../testing/prometheus';
import type { Episode } from './alert-state';
import { type Message, messagesOf } from './alertmanager';
import { Evaluation, write } from './evaluation';
import { DAY, START, World } from './world';

/** Time of one block: Prometheus takes samples that are up to half a block older than its newest. */
const BLOCK = '4d';
/** Steps of one request of samples, and of one evaluation. */
const STEPS_PER_PART = 720;

export interface MonthProps {
  /** Pods of the application at the highest traffic. */
  readonly size: number;
  readonly days: number;
  /** Seconds between two scrapes and between two evaluations. */
  readonly step: number;
  readonly rules: readonly RuleFile[];
  readonly alertmanager: AlertmanagerConfig;
  readonly onProgress?: (day: number, series: number, firings: number) => void;
}

export interface Month {
  readonly episodes: readonly Episode[];
  readonly messages: readonly Message[];
}

/** What the rules fire in a healthy month, and what Alertmanager sends of it. */
export async function healthyMonth(props: MonthProps): Promise<Month> {
  const { size, days, step, rules, alertmanager, onProgress } = props;
  const end = START + days * DAY;
  const { url, server } = await startPrometheus(
    {},
    '--web.enable-remote-write-receiver',
    `--storage.tsdb.min-block-duration=${BLOCK}`,
    `--storage.tsdb.max-block-duration=${BLOCK}`,
    '--storage.tsdb.retention.time=60d',
    '--query.max-samples=200000000',
  );
  const world = new World({ size, start: START, end, step });
  const evaluation = new Evaluation(url, rules, step);
  const part = STEPS_PER_PART * step;
  for (let from = START; from < end; from += part) {
    const to = Math.min(from + part, end) - step;
    // Hour by hour, so that requests and memory stay small.
    for (let hour = from; hour <= to; hour += 60 * step) {
      await write(url, world.samples(hour, Math.min(hour + 59 * step, to)));
    }
    await evaluation.evaluate(from, to);
    onProgress?.((to + step - START) / DAY, world.size, evaluation.episodes.length);
  }
  await server.stop();
  const { episodes } = evaluation;
  return { episodes, messages: messagesOf(alertmanager, episodes, end) };
}

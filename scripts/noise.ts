import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RuleCatalogue } from '../rules';
import { cleanUp } from '../testing/cleanup';
import { sightEditPlatform } from '../testing/platform';
import { BIN } from '../tools/catalogue';
import { progress, runCommand } from './command';
import { healthyMonth } from './noise/month';
import { isQuiet, type Noise, noiseOf, teamsOf, WEEKLY_LIMIT } from './noise/report';
import { DAYS, START } from './noise/world';

const USAGE = `Counts the notifications that each team gets in a month of a healthy, busy system: a deployment every hour,
autoscaling, every node replaced once a week, nightly jobs, weekends, three holidays, the end of daylight saving time.

  npm run noise                     with 5 and with 50 pods of the application
  npm run noise -- 500              with another number
  npm run noise -- 50 --days 10     the first days only, which start on a Monday
  npm run noise -- 50 --step 60     one sample and one evaluation a minute instead of every two

Prometheus evaluates every rule; the notifications are those of Alertmanager's configuration. Takes five minutes with
5 pods, 13 with 50, two hours with 500, on one core. Exits with 1 when somebody is paged, or when a team
gets ${WEEKLY_LIMIT} notifications or more in a week. Requires Prometheus: npm run tools -- prometheus`;

const SIZES = [5, 50];
const STEP_SECONDS = 120;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { days: { type: 'string' }, step: { type: 'string' } },
    allowPositionals: true,
  });
  const sizes = positionals.length > 0 ? positionals.map(Number) : SIZES;
  const days = Number(values.days ?? DAYS);
  const step = Number(values.step ?? STEP_SECONDS);
  for (const [name, value, isRight] of [
    ...sizes.map((size) => ['number of pods', size, Number.isInteger(size) && size >= 5] as const),
    ['--days', days, Number.isInteger(days) && days >= 1 && days <= DAYS] as const,
    ['--step', step, [15, 30, 60, 120].includes(step)] as const,
  ]) {
    if (!isRight) {
      console.error(
        `${name} ${value}: write 5 pods or more, 1 to ${DAYS} days, and a step of 15, 30, 60 or 120 seconds`,
      );
      return 2;
    }
  }
  if (!existsSync(join(BIN, 'prometheus'))) {
    console.error('prometheus is missing: run "npm run tools -- prometheus"');
    return 1;
  }
  let isGood = true;
  for (const size of sizes) {
    const noise = await monthOf(size, days, step);
    isGood &&= isQuiet(noise);
  }
  return isGood ? 0 : 1;
}

async function monthOf(size: number, days: number, step: number): Promise<Noise> {
  const alertmanager = sightEditPlatform().charts.alerting.routing.config;
  const began = Date.now();
  const { episodes, messages } = await healthyMonth({
    size,
    days,
    step,
    rules: RuleCatalogue.sightEdit().files,
    alertmanager,
    onProgress: (day, series, firings) =>
      progress(`${size} pods: ${day} of ${days} days, ${series} series, ${firings} alerts have fired`),
  });
  const noise = noiseOf(messages, episodes, START);
  const minutes = Math.ceil((Date.now() - began) / 60_000);
  console.log(
    `${size} pods, ${days} days, in ${minutes} minutes: ${episodes.length} alerts fired, ${noise.pages} pages`,
  );
  table(
    ['receiver', 'alert', 'severity', 'fired', 'notifications', 'resolved'],
    noise.rows.map((row) => [row.receiver, row.alert, row.severity, row.firings, row.notifications, row.resolved]),
  );
  table(
    ['receiver', 'in the busiest week'],
    teamsOf(alertmanager).map((team) => [team, noise.busiest.get(team) ?? 0]),
  );
  return noise;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => String(row[column]).length)));
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) =>
      typeof cell === 'number' ? String(cell).padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    console.log(`  ${cells.join('  ').trimEnd()}`);
  }
}

runCommand({ usage: USAGE, run: main, finish: cleanUp });

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toYaml } from '../formats/yaml';
import { isAlertingRule, RuleCatalogue, type RuleFile, rulesOf } from '../rules';
import { cleanUp, temporaryDirectory } from '../testing/cleanup';
import { cpuSeconds } from '../testing/process-usage';
import { startPrometheus } from '../testing/prometheus';
import { getJson, waitFor } from '../testing/server';
import { fleet } from './bench/fleet';
import { type TimeRange, writeHistory } from './bench/history';
import { NODES, PODS } from './bench/pods';
import { Reads } from './bench/reads';
import type { FleetSeries } from './bench/values';
import { progress, runCommand } from './command';

const USAGE = `Measures how long Prometheus takes to evaluate every rule over a fleet of ${PODS} pods, on one core.

  npm run bench:rules

Takes eight minutes. Exits with 1 when a rule is unhealthy, or when an average cycle takes a second or more.
Requires Prometheus: npm run tools -- prometheus`;

/** Evaluation interval of a group without one of its own. */
const CYCLE_SECONDS = 15;
/** The longest interval of a group is two minutes, so each group is seen at least twice. */
const MEASURED_SECONDS = 4 * 60;
/** Prometheus rejects samples that are ten minutes or more in the future. */
const FUTURE_SECONDS = 9 * 60;
/** Longest acceptable average cycle. */
const LIMIT_SECONDS = 1;
/** Number of groups and of rules in the report. */
const LISTED = 10;

/** A rule as Prometheus reports it; times in seconds. */
interface ReportedRule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly state?: string;
  readonly health: string;
  readonly lastError?: string;
  readonly evaluationTime: number;
}

/** A group of rules as Prometheus reports it; times in seconds. */
interface ReportedGroup {
  readonly name: string;
  readonly interval: number;
  readonly lastEvaluation: string;
  readonly evaluationTime: number;
  readonly rules: readonly ReportedRule[];
}

async function main(): Promise<number> {
  const { files } = RuleCatalogue.sightEdit();
  const reads = new Reads(files);
  const series = fleet(reads);
  const ruleDirectory = temporaryDirectory();
  // The server gets one core.
  process.env.GOMAXPROCS = '1';
  const { url, server } = await startPrometheus(
    {
      global: { evaluation_interval: `${CYCLE_SECONDS}s` },
      rule_files: [join(ruleDirectory, '*.yaml')],
      // The history of recorded series is written after the first evaluation, which tells their labels.
      storage: { tsdb: { out_of_order_time_window: '31d' } },
    },
    '--web.enable-remote-write-receiver',
    '--web.enable-lifecycle',
    '--storage.tsdb.retention.time=40d',
  );

  const start = now();
  const evaluations = { from: start, to: start + FUTURE_SECONDS };
  const samples = await writeHistory({
    url,
    series,
    reads,
    evaluations,
    onProgress: (share, written) => progress(`history of the fleet: ${Math.round(share * 100)} %, ${written} samples`),
  });
  await idle(server.pid);
  for (const { topic, groups } of files) {
    writeFileSync(join(ruleDirectory, `${topic}.yaml`), toYaml({ groups }));
  }
  const loaded = now();
  await fetch(`${url}/-/reload`, { method: 'POST' });
  await waitFor('each group to be evaluated', async () => (await groupsOf(url)).every(isEvaluated), {
    timeoutSeconds: 180,
  });
  await writeRecorded(url, files, reads, evaluations, loaded);
  await idle(server.pid);
  const left = evaluations.to - now();
  if (left < MEASURED_SECONDS) {
    throw new Error(`only ${Math.round(left)} s of samples are left to measure: run it on an idle or faster machine`);
  }
  return report({ series, samples, ...(await measure(url, server.pid)) });
}

/** Writes the history of the recorded series: their current values, at every step of the past. */
async function writeRecorded(
  url: string,
  files: readonly RuleFile[],
  reads: Reads,
  evaluations: TimeRange,
  until: number,
): Promise<void> {
  const names = new Set(rulesOf(files).flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record])));
  const series: FleetSeries[] = [];
  for (const name of names) {
    const { data } = await getJson<{
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    }>(`${url}/api/v1/query?query=${encodeURIComponent(`{__name__="${name}"}`)}`);
    series.push(
      ...data.result.map(({ metric: { __name__: _, ...labels }, value: [, value] }) => ({
        name,
        labels,
        start: Number(value),
        perSecond: 0,
      })),
    );
  }
  progress(`history of ${series.length} recorded series`);
  await writeHistory({ url, series, reads, evaluations, until });
}

interface Measurement {
  /** The evaluations seen of each group, by the group's name. */
  readonly evaluations: ReadonlyMap<string, readonly ReportedGroup[]>;
  /** CPU time of the server in an average cycle, in seconds. */
  readonly cpu: number;
}

async function measure(url: string, pid: number): Promise<Measurement> {
  const seen = new Map<string, Map<string, ReportedGroup>>();
  const before = { time: now(), cpu: cpuSeconds(pid) };
  while (now() < before.time + MEASURED_SECONDS) {
    for (const group of await groupsOf(url)) {
      const known = seen.get(group.name) ?? new Map<string, ReportedGroup>();
      seen.set(group.name, known.set(group.lastEvaluation, group));
    }
    progress(`measured for ${Math.round(now() - before.time)} of ${MEASURED_SECONDS} s`);
    await sleep(5000);
  }
  const cpu = ((cpuSeconds(pid) - before.cpu) / (now() - before.time)) * CYCLE_SECONDS;
  return { evaluations: new Map([...seen].map(([name, groups]) => [name, [...groups.values()]])), cpu };
}

function report({
  series,
  samples,
  evaluations,
  cpu,
}: Measurement & { series: readonly FleetSeries[]; samples: number }): number {
  const groups = [...evaluations.values()].map((seen) => {
    const last = seen.at(-1)!;
    return { ...last, mean: mean(seen.map((group) => group.evaluationTime)), seen };
  });
  const rules = groups.flatMap(({ interval, seen, rules: last }) =>
    last.map((rule, index) => ({ ...rule, interval, mean: mean(seen.map((one) => one.rules[index]!.evaluationTime)) })),
  );
  const unhealthy = rules.filter(({ health }) => health !== 'ok');
  const firing = rules.filter(({ state }) => state === 'firing').length;
  const inCycle = sum(groups.map(perCycle));

  console.log(`${PODS} pods on ${NODES} nodes: ${series.length} series, ${samples} samples that rules read`);
  console.log(`${rules.length} rules in ${groups.length} groups, ${unhealthy.length} not healthy, ${firing} firing`);
  console.log('one core, in a cycle of 15 s:');
  row('all rules, on average', inCycle);
  row('all rules, when every group is due', sum(groups.map((group) => group.mean)));
  row('CPU time of the server', cpu);
  console.log('groups that take most of an average cycle:');
  for (const group of largest(groups)) {
    row(group.name, perCycle(group), every(group));
  }
  console.log('rules that take most of an average cycle:');
  for (const rule of largest(rules)) {
    row(rule.name, perCycle(rule), every(rule));
  }
  for (const { name, health, lastError } of unhealthy) {
    console.log(`${name} is ${health}: ${lastError}`);
  }
  return unhealthy.length === 0 && inCycle < LIMIT_SECONDS ? 0 : 1;
}

/** A group or a rule: the mean duration of its evaluation and its interval, in seconds. */
interface Recurring {
  readonly mean: number;
  readonly interval: number;
}

/** Seconds per average cycle: a group that is due in every fourth cycle counts as a quarter. */
function perCycle({ mean: seconds, interval }: Recurring): number {
  return (seconds * CYCLE_SECONDS) / interval;
}

function largest<T extends Recurring>(all: readonly T[]): readonly T[] {
  return [...all].sort((one, other) => perCycle(other) - perCycle(one)).slice(0, LISTED);
}

function every({ mean: seconds, interval }: Recurring): string {
  return interval === CYCLE_SECONDS ? '' : `${milliseconds(seconds)} every ${interval} s`;
}

async function groupsOf(url: string): Promise<readonly ReportedGroup[]> {
  const { data } = await getJson<{ data: { groups: ReportedGroup[] } }>(`${url}/api/v1/rules`);
  return data.groups;
}

function isEvaluated({ lastEvaluation }: ReportedGroup): boolean {
  return !lastEvaluation.startsWith('0001');
}

/** Waits until the process is idle, i.e. it has written its blocks and collected its garbage. */
async function idle(pid: number): Promise<void> {
  progress('waiting for the server to become idle');
  await waitFor(
    'the server to become idle',
    async () => {
      const before = cpuSeconds(pid);
      await sleep(3000);
      return cpuSeconds(pid) - before < 1.5;
    },
    { timeoutSeconds: 180 },
  );
}

function now(): number {
  return Date.now() / 1000;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

function row(title: string, seconds: number, note = ''): void {
  console.log(`  ${title.padEnd(58)}${milliseconds(seconds).padStart(8)}  ${note}`.trimEnd());
}

function milliseconds(seconds: number): string {
  return `${Math.round(seconds * 1000)} ms`;
}

runCommand({ usage: USAGE, run: main, finish: cleanUp });

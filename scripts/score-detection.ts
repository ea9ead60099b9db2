import { setTimeout as sleep } from 'node:timers/promises';
import { images, imageVersion } from '../constructs';
import { ATTACKS } from '../test/detection/attacks';
import { BENIGN } from '../test/detection/benign';
import { type ActingSession, acting, type FiredAlert, type ScoreRow, scoreOf, share } from '../test/detection/score';
import { rulesOf } from '../test/e2e/support/loki';
import { cleanUp } from '../testing/cleanup';
import { findLoki } from '../testing/loki';
import { getJson, waitFor } from '../testing/server';
import { progress, runCommand } from './command';
import { type DetectionPlatform, startPlatform } from './detection/platform';

const USAGE = `Sends the sessions of test/detection through the real agent into a real Loki, whose ruler evaluates the rules over
logs, and prints which sessions an alert is about.

  npm run score:detection

Needs the programs otelcol, etcd, kube-apiserver and kubectl (npm run tools), and loki on PATH or in .tools/bin
(docs/logs.md). Takes about five minutes. The ruler evaluates every ten seconds instead of every minute; the ranges of the
rules are as they ship. Ends with 1 when less than 98 % of the attacks are detected, or an alert is about a benign session.`;

const INTERVAL = '10s';
/** Longer than the longest `for` of a rule that a session should meet, plus two evaluations. */
const WAIT_SECONDS = 100;
const LEAST = 0.98;

/** One line of each log that is never silent. */
const STEADY = (['backend', 'cdn', 'website', 'postgres'] as const).map((from) => ({ from, text: 'started' }));

async function main(): Promise<number> {
  if (!findLoki()) {
    const version = imageVersion(images.loki);
    throw new Error(`loki is missing: put loki ${version} into .tools/bin or on PATH, see docs/logs.md`);
  }
  const platform = await startPlatform(INTERVAL);
  await waitFor('the rules', async () => (await rulesOf(platform.lokiUrl)).length > 0, { timeoutSeconds: 120 });
  const benign = acting(BENIGN, 1);
  const attacks = acting(ATTACKS, 101);

  const quiet = await alertsAfter(platform, benign, 'benign');
  const fired = await alertsAfter(platform, attacks, 'attack');
  const rules = await rulesOf(platform.lokiUrl);
  const healthy = rules.filter(({ health }) => health === 'ok').length;

  const [found, alarms] = [scoreOf(attacks, fired), scoreOf(benign, [...quiet, ...fired])];
  console.log(
    `Loki ${imageVersion(images.loki)}, ${healthy} of ${rules.length} rules healthy, evaluated every ${INTERVAL}\n`,
  );
  console.log(table('attacks', found));
  console.log(`\n${table('benign sessions', alarms)}`);
  const names = [...new Set(quiet.map(({ alert }) => alert))];
  console.log(`\ndetected: ${percent(share(found))} of ${ATTACKS.length} attacks`);
  console.log(`false alarms: ${alarms.reduce((sum, row) => sum + row.found, 0)} of ${BENIGN.length} benign sessions`);
  console.log(`alerts while only benign sessions were there: ${names.length > 0 ? names.join(', ') : 'none'}`);
  const isGood = share(found) >= LEAST && share(alarms) === 0 && quiet.length === 0 && healthy === rules.length;
  return isGood ? 0 : 1;
}

/** Writes the lines of sessions and returns every alert that fires until each rule has had its time. */
async function alertsAfter(
  platform: DetectionPlatform,
  sessions: readonly ActingSession[],
  what: string,
): Promise<readonly FiredAlert[]> {
  const lines = [...STEADY, ...sessions.flatMap(({ session, actor }) => session.lines(actor))];
  const before = await storedLines(platform.lokiUrl);
  platform.write(lines);
  progress(`${sessions.length} ${what} sessions, ${lines.length} lines`);
  await waitFor(`the ${what} lines`, async () => (await storedLines(platform.lokiUrl)) >= before + lines.length, {
    timeoutSeconds: 120,
  });
  const fired = new Map<string, FiredAlert>();
  for (let waited = 0; waited < WAIT_SECONDS; waited += 5) {
    await sleep(5000);
    for (const alert of await firingAlerts(platform.lokiUrl)) {
      fired.set(JSON.stringify(alert), alert);
    }
  }
  return [...fired.values()];
}

/** Number of lines in Loki. */
async function storedLines(url: string): Promise<number> {
  const query = encodeURIComponent('sum(count_over_time({cluster="production"}[1h]))');
  const { data } = await getJson<{ data: { result: readonly { value: readonly [number, string] }[] } }>(
    `${url}/loki/api/v1/query?query=${query}`,
  );
  return Number(data.result[0]?.value[1] ?? 0);
}

async function firingAlerts(url: string): Promise<readonly FiredAlert[]> {
  const { data } = await getJson<{
    data: { alerts: readonly { state: string; labels: { readonly [label: string]: string } }[] };
  }>(`${url}/prometheus/api/v1/alerts`);
  return data.alerts
    .filter(({ state }) => state === 'firing')
    .map(({ labels: { alertname = '', ...labels } }) => ({ alert: alertname, labels }));
}

function table(title: string, rows: readonly ScoreRow[]): string {
  const cells = [
    [title, 'sessions', 'with an alert', 'without', 'alerts'],
    ...rows.map(({ kind, sessions, found, missed, alerts }) => [
      kind,
      String(sessions),
      String(found),
      title === 'attacks' ? missed.join(', ') || '-' : '-',
      alerts.join(', ') || '-',
    ]),
  ];
  const widths = cells[0]!.map((_, n) => Math.max(...cells.map((row) => row[n]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

runCommand({ usage: USAGE, run: main, finish: cleanUp });

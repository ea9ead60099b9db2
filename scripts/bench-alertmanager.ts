import { cleanUp } from '../testing/cleanup';
import { type FloodReport, runFlood } from '../testing/flood/flood';
import { readManifests } from '../testing/manifests';
import { progress, runCommand } from './command';

const USAGE = `Sends a flood of alerts through three Alertmanagers with the configuration of dist/, into stand-ins for Slack,
PagerDuty, Amazon SNS, a text-message gateway, a webhook and a mail server that enforce the published limits.

  npm run bench:alertmanager                 20000 alerts
  npm run bench:alertmanager -- 5000         another number, a multiple of 200

Takes three minutes. Exit code 1 when a channel misses a group, when a vendor refuses a message, or when a member needs
more memory than the limit of its pod.
Requires alertmanager: npm run tools -- alertmanager`;

async function main([count = '20000']: readonly string[]): Promise<number> {
  const alerts = Number(count);
  if (!(alerts > 0 && alerts % 200 === 0)) {
    console.error(`write a multiple of 200 instead of ${count}`);
    return 2;
  }
  const report = await runFlood({
    manifests: readManifests(),
    alerts,
    groupWaitSeconds: 20,
    groupIntervalSeconds: 30,
    progress,
  });
  print(report);
  return succeeded(report) ? 0 : 1;
}

function print({ alerts, limitMib, idleMib, peakMib, channels, rejections, complaints }: FloodReport): void {
  console.log(`${alerts} alerts, half of them of one rule, the others in 100 groups; three Alertmanagers:`);
  console.log(`  ${'channel'.padEnd(40)}groups told  resolved  messages  largest`);
  for (const { channel, told, expected, resolved, messages, largestBytes } of channels) {
    const cells = [`${told} of ${expected}`.padStart(11), `${resolved}`.padStart(8), `${messages}`.padStart(8)];
    console.log(`  ${channel.padEnd(40)}${cells.join('  ')}  ${`${(largestBytes / 1000).toFixed(1)} kB`.padStart(8)}`);
  }
  console.log(`  refused by a vendor: ${rejections.length}; cut or refused, by the logs: ${complaints.length}`);
  console.log(`  peak memory of a member: ${peakMib.join(', ')} MiB, ${idleMib} MiB idle; limit ${limitMib} MiB`);
  for (const line of [...rejections.map(({ channel, reason }) => `${channel}: ${reason}`), ...complaints].slice(
    0,
    10,
  )) {
    console.log(`  ! ${line}`);
  }
}

function succeeded({ channels, rejections, complaints, peakMib, limitMib }: FloodReport): boolean {
  const complete = channels.every(({ told, expected, resolved, channel }) => {
    const firingOnly = channel === 'sms' || channel === 'sns';
    return told === expected && (firingOnly || resolved === expected);
  });
  return complete && rejections.length === 0 && complaints.length === 0 && peakMib.every((mib) => mib < limitMib);
}

void runCommand({ usage: USAGE, run: main, finish: cleanUp });

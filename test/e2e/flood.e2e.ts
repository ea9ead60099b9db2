import { type FloodReport, runFlood } from '../../testing/flood/flood';
import { LIMITS } from '../../testing/flood/vendors';
import { readManifests } from '../../testing/manifests';

/** `npm run bench:alertmanager` sends ten times as many. */
const ALERTS = 2000;

describe(`A flood of ${ALERTS} alerts through three Alertmanagers with the configuration of dist`, () => {
  let report: FloodReport;

  beforeAll(async () => {
    report = await runFlood({
      manifests: readManifests(),
      alerts: ALERTS,
      groupWaitSeconds: 3,
      groupIntervalSeconds: 25,
      progress: () => {},
    });
  });

  it('reaches every channel with the whole number of alerts of each group', () => {
    expect(report.channels.length).toBeGreaterThan(15);
    expect(report.channels.map(({ channel, told }) => ({ channel, told }))).toEqual(
      report.channels.map(({ channel, expected }) => ({ channel, told: expected })),
    );
  });

  it('is announced as resolved, except by text message', () => {
    for (const { channel, resolved, expected } of report.channels) {
      expect({ channel, resolved }).toEqual({ channel, resolved: /^(sms|sns)$/.test(channel) ? 0 : expected });
    }
  });

  it('has no message that a vendor refuses, or that Alertmanager cuts', () => {
    expect(report.rejections).toEqual([]);
    expect(report.complaints).toEqual([]);
  });

  it('says in each list how many alerts are not in it, and links to them', () => {
    const storm = (channel: RegExp) =>
      report.deliveries.find(
        ({ channel: name, alerts, resolved }) => channel.test(name) && alerts === ALERTS / 2 && !resolved,
      )!.text;
    const link = 'https://alertmanager.example.com/#/alerts?receiver=';
    expect(storm(/^slack #alerts-critical/)).toContain(`and ${ALERTS / 2 - 15} more firing: `);
    expect(storm(/^slack #alerts-critical/)).toContain(link);
    expect(storm(/^email oncall/)).toContain(`and ${ALERTS / 2 - 25} more: `);
    expect(storm(/^email oncall/)).toContain(link);
    expect(storm(/^pagerduty critical/)).toContain(`and ${ALERTS / 2 - 15} more: ${link}`);
    expect(JSON.parse(storm(/^webhook/))).toMatchObject({ truncatedAlerts: ALERTS / 2 - 100 });
    expect(JSON.parse(storm(/^sms/))).toMatchObject({
      alerts: [expect.anything()],
      truncatedAlerts: ALERTS / 2 - 1,
      externalURL: 'https://alertmanager.example.com',
    });
  });

  it('sends messages far below the limits, so that longer annotations fit too', () => {
    const largest = (channel: RegExp) =>
      Math.max(...report.channels.filter((row) => channel.test(row.channel)).map(({ largestBytes }) => largestBytes));
    expect(largest(/^slack/)).toBeLessThan(LIMITS.slackCharacters / 2);
    expect(largest(/^pagerduty/)).toBeLessThan(LIMITS.pagerDutyBytes / 2);
    expect(largest(/^sns/)).toBeLessThan(LIMITS.snsBytes / 2);
    expect(largest(/^email/)).toBeLessThan(LIMITS.mailBytes / 2);
    expect(largest(/^webhook/)).toBeLessThan(LIMITS.bodyBytes / 2);
  });

  it('needs less memory than a pod has', () => {
    for (const peak of report.peakMib) {
      expect(peak).toBeLessThan(report.limitMib);
    }
  });
});

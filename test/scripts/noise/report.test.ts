import { firstWait, type Message, messagesOf } from '../../../scripts/noise/alertmanager';
import { isQuiet, noiseOf, teamsOf } from '../../../scripts/noise/report';
import { isActive } from '../../../scripts/noise/time-intervals';
import { sightEditPlatform } from '../../../testing/platform';

const DAY = 86_400;
const labels = { alertname: 'Sample', severity: 'high' };
const message = (time: number, more: Partial<Message> = {}): Message => ({
  time,
  receiver: 'team-a',
  integration: 'slack',
  firing: [labels],
  resolved: [],
  ...more,
});

describe('The noise of a month', () => {
  it('counts a notification once, whatever the number of channels', () => {
    const noise = noiseOf([message(60), message(60, { integration: 'email' })], [{ labels, start: 0 }], 0);
    expect(noise.rows).toEqual([
      { receiver: 'team-a', alert: 'Sample', severity: 'high', firings: 1, notifications: 1, resolved: 0 },
    ]);
  });

  it('counts resolves apart', () => {
    const [row] = noiseOf([message(60), message(120, { firing: [], resolved: [labels] })], [], 0).rows;
    expect([row!.notifications, row!.resolved]).toEqual([1, 1]);
  });

  it('leaves programs out', () => {
    const noise = noiseOf([message(60, { receiver: 'remediation-webhook', integration: 'webhook' })], [], 0);
    expect([noise.rows, isQuiet(noise)]).toEqual([[], true]);
  });

  it('is too much with one page', () => {
    const noise = noiseOf([message(60), message(60, { integration: 'pagerduty' })], [], 0);
    expect([noise.pages, isQuiet(noise)]).toEqual([1, false]);
  });

  it.each([
    ['five in a week', [0, 1, 2, 3, 4], false],
    ['four in a week', [0, 1, 2, 3], true],
    ['six in two weeks', [0, 1, 2, 7, 8, 9], true],
  ])('is judged by the week: %s', (_, days, isGood) => {
    const messages = days.map((day) => message(day * DAY));
    expect(isQuiet(noiseOf(messages, [], 0))).toBe(isGood);
  });
});

describe('The simulated Alertmanager', () => {
  const { config } = sightEditPlatform().charts.alerting.routing;

  it('knows every team of the configuration', () => {
    expect(teamsOf(config)).toEqual(expect.arrayContaining(['level-critical', 'team-database', 'fallback']));
  });

  it('waits for a group as long as the severity allows', () => {
    const wait = (severity: string) => firstWait(config, { alertname: 'Sample', severity, category: 'database' });
    expect(wait('critical')).toBeLessThan(wait('high'));
  });

  it('tells the business team in its hours only', () => {
    const business = { alertname: 'Sample', severity: 'high', category: 'business' };
    const receivers = (start: number) =>
      messagesOf(config, [{ labels: business, start, end: start + 3600 }], start + DAY).map(({ receiver }) => receiver);
    // Tuesday at noon and at night, in New York.
    expect(receivers(Date.UTC(2025, 9, 14, 16) / 1000)).toContain('team-business');
    expect(receivers(Date.UTC(2025, 9, 14, 4) / 1000)).toEqual([]);
  });
});

describe('A time interval', () => {
  const office = [
    { weekdays: ['monday:friday'], times: [{ start_time: '09:00', end_time: '17:00' }], location: 'America/New_York' },
  ];
  const at = (...time: [number, number, number, number, number?]) => isActive(office, Date.UTC(...time) / 1000);

  it('follows the clock of its place, before and after the clocks go back', () => {
    expect([at(2025, 9, 31, 13), at(2025, 10, 3, 13), at(2025, 10, 3, 14)]).toEqual([true, false, true]);
  });

  it('begins with its start, and ends before its end', () => {
    expect([at(2025, 9, 14, 13), at(2025, 9, 14, 20, 59), at(2025, 9, 14, 21)]).toEqual([true, true, false]);
  });

  it('has no weekend', () => {
    expect(at(2025, 9, 18, 16)).toBe(false);
  });

  it('with another condition is not guessed', () => {
    expect(() => isActive([{ months: ['may'] }], 0)).toThrow(
      'months: the simulation knows weekdays, times and location',
    );
  });
});

import { CLOCK_TOLERANCE_SECONDS, describeTime, secondsSince } from '../../remediation/times';
import { ago, NOW } from './sample';

describe('The seconds since a time', () => {
  it.each([0, 1.5, 3600])('are counted: %d', (seconds) => {
    expect(secondsSince(ago(seconds), NOW)).toBe(seconds);
  });

  it('are none within the tolerance of clocks', () => {
    expect(secondsSince(ago(-CLOCK_TOLERANCE_SECONDS), NOW)).toBe(0);
  });

  it.each([
    [undefined, 'missing'],
    ['', 'invalid ()'],
    ['yesterday', 'invalid (yesterday)'],
    ['2026-13-45T00:00:00Z', 'invalid (2026-13-45T00:00:00Z)'],
    [ago(-CLOCK_TOLERANCE_SECONDS - 1), `in the future (${ago(-CLOCK_TOLERANCE_SECONDS - 1)})`],
    ['2099-01-01T00:00:00Z', 'in the future (2099-01-01T00:00:00Z)'],
  ])('are unknown for %s', (time, description) => {
    expect(secondsSince(time, NOW)).toBeUndefined();
    expect(describeTime(time)).toBe(description);
  });
});

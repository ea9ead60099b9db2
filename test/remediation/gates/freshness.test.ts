import { gates } from '../../../remediation/gates';
import { KEYS } from '../../../remediation/record';
import { record } from '../sample';
import { Bench, LIMITS, skipped } from '../support/bench';
import { standStill } from '../support/clock';

standStill();

describe('A record is fresh', () => {
  /** @param secondsAgo when the record was created */
  const outcome = (secondsAgo: number, annotations: { readonly [key: string]: string } = {}) => {
    const { metadata, ...rest } = record('accepted', secondsAgo);
    const aged = { ...rest, metadata: { ...metadata, annotations } };
    return skipped(gates.freshness({ record: aged }, new Bench().context));
  };
  const { freshnessSeconds, approvalSeconds } = LIMITS;
  const approved = { [KEYS.approved]: 'true' };

  it.each([0, 1, freshnessSeconds - 1, freshnessSeconds])('when it has waited %d s', async (age) => {
    expect(await outcome(age)).toBe('passes');
  });

  it('but not after freshnessSeconds', async () => {
    const message = await outcome(freshnessSeconds + 1);
    expect(message).toMatch(/^alert-stale: /);
    expect(message).toContain('601 s');
    expect(message).toContain('600 s');
  });

  it.each([undefined, 'nonsense', '2099-01-01T00:00:00Z'])('but not when it was created %s', async (time) => {
    const { metadata, ...rest } = record('accepted', 0);
    const forged = { ...rest, metadata: { ...metadata, creationTimestamp: time } };
    expect(await skipped(gates.freshness({ record: forged }, new Bench().context))).toMatch(
      /^alert-stale: .*creation time is (missing|invalid|in the future)/,
    );
  });

  it('when the digest of its plan was approved', async () => {
    expect(await outcome(approvalSeconds, { [KEYS.approved]: '0123456789abcdef' })).toBe('passes');
  });

  it.each([freshnessSeconds + 1, approvalSeconds])('when it was approved after %d s', async (age) => {
    expect(await outcome(age, approved)).toBe('passes');
  });

  it('but not after approvalSeconds, even when it is approved', async () => {
    expect(await outcome(approvalSeconds + 1, approved)).toMatch(/^alert-stale: .*3601 s.*3600 s/);
  });

  it.each(['false', 'yes', 'True', ''])('no longer with the approval "%s"', async (value) => {
    expect(await outcome(freshnessSeconds + 1, { [KEYS.approved]: value })).toMatch(/^alert-stale: /);
  });

  it.each([{}, approved])('but not when its alert is resolved (%j)', async (annotations) => {
    const resolved = { [KEYS.resolved]: '2026-03-04T11:59:59Z', ...annotations };
    expect(await outcome(0, resolved)).toMatch(/^alert-resolved: /);
  });

  it('whatever the age of its alert', async () => {
    const { spec, ...rest } = record('accepted', 0);
    const old = { ...rest, spec: { ...spec, alert: { ...spec.alert, startsAt: '2025-01-01T00:00:00Z' } } };
    expect(await skipped(gates.freshness({ record: old }, new Bench().context))).toBe('passes');
  });
});

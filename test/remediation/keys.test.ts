import fc from 'fast-check';
import { renderQuery } from '../../remediation/promql';
import {
  alertDigest,
  LEASE_PREFIX,
  lockName,
  type RecordedAlert,
  type Target,
  targetDigest,
} from '../../remediation/record';
import { grammarOf } from '../support/promql';

const names = fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/);
const targets = fc.record({ kind: fc.constantFrom('Deployment', 'Cache'), namespace: names, name: names });
const uids = fc.uuid();

const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
const alertsAt = (startsAt: string, fingerprint: string): RecordedAlert => ({
  name: 'SampleAlert',
  fingerprint,
  startsAt,
  labels: {},
  annotations: {},
});
const fingerprints = fc.stringMatching(/^[0-9a-f]{16}$/);

describe('the key of a target', () => {
  test('is that of the object: a new uid, API version or field of another changes nothing', () => {
    fc.assert(
      fc.property(targets, uids, uids, (target, one, other) => {
        const known = targetDigest({ ...target, uid: one, apiVersion: 'apps/v1' });
        expect(targetDigest({ ...target, uid: other })).toBe(known);
        // Whatever alert led there, by whichever of its pods, is no part of it.
        const found = { ...target, pod: `${target.name}-${one}`, fingerprint: other } as Target;
        expect(targetDigest(found)).toBe(known);
      }),
    );
  });

  test('is that of no other object', () => {
    fc.assert(
      fc.property(targets, targets, (one, other) => {
        const same = one.kind === other.kind && one.namespace === other.namespace && one.name === other.name;
        expect(targetDigest(one) === targetDigest(other)).toBe(same);
      }),
    );
    // Parts that are joined do not run into each other.
    expect(targetDigest({ kind: 'Deployment', namespace: 'ab', name: 'c' })).not.toBe(
      targetDigest({ kind: 'Deployment', namespace: 'a', name: 'bc' }),
    );
  });

  test('is fit for a label and for the name of a lease', () => {
    fc.assert(
      fc.property(targets, (target) => {
        expect(targetDigest(target)).toMatch(/^[0-9a-f]{16}$/);
        expect(lockName('restart-workload', target)).toBe(`${LEASE_PREFIX}restart-workload-${targetDigest(target)}`);
      }),
    );
  });
});

describe('the key of an incident', () => {
  test('is the same for each delivery, however Alertmanager writes the time', () => {
    fc.assert(
      fc.property(fingerprints, times, (fingerprint, time) => {
        const [date, rest] = time.toISOString().split('T') as [string, string];
        const written = [
          `${date}T${rest}`,
          `${date}T${rest.replace('Z', '+00:00')}`,
          `${date}T${rest.replace('Z', '000000Z')}`,
        ];
        const keys = written.map((startsAt) => alertDigest('restart-workload', alertsAt(startsAt, fingerprint)));
        expect(new Set(keys).size).toBe(1);
        expect(keys[0]).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });

  test('is another for another policy, another alert, and one that fires again', () => {
    fc.assert(
      fc.property(fingerprints, fingerprints, times, (one, other, time) => {
        fc.pre(one !== other);
        const startsAt = time.toISOString();
        const later = new Date(time.getTime() + 1000).toISOString();
        const keys = [
          alertDigest('restart-workload', alertsAt(startsAt, one)),
          alertDigest('scale-up', alertsAt(startsAt, one)),
          alertDigest('restart-workload', alertsAt(startsAt, other)),
          alertDigest('restart-workload', alertsAt(later, one)),
        ];
        expect(new Set(keys).size).toBe(4);
      }),
    );
  });
});

describe('a query with values', () => {
  test.each([
    ['up{pod="$name"}', { name: 'a' }, 'up{pod="a"}'],
    ['up{a="$name",b="$name"}', { name: 'x' }, 'up{a="x",b="x"}'],
    ['up{a="$name"}', { name: 'a"} or vector(1) #' }, 'up{a="a\\"} or vector(1) #"}'],
    ['up{a="$name"}', { name: 'a\\' }, 'up{a="a\\\\"}'],
    ['up{a="$name"}', { name: 'a\nb' }, 'up{a="a\\u000ab"}'],
    ['up{a="$name"}', { name: '$namespace' }, 'up{a="$namespace"}'],
    ['up{a="$name"}', { name: '$&' }, 'up{a="$&"}'],
    ['vector(1)', {}, 'vector(1)'],
  ])('%s', (query, values, rendered) => {
    expect(renderQuery(query, values)).toBe(rendered);
  });

  test('that are not there is refused, with those that are', () => {
    expect(() => renderQuery('up{pod="$pod"}', { name: 'a', namespace: 'b' })).toThrow(
      'the query has no value for $pod: it may use $name, $namespace',
    );
  });

  test('has the same grammar whatever the value is', () => {
    const query = 'sum(rate(requests_total{namespace="$namespace", workload=~"$name"}[5m])) < bool 0.9';
    const known = grammarOf(renderQuery(query, { namespace: 'a', name: 'b' }));
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\\"', '"} or up{a="', '`', "'", '\n', '\r', '\u2028'),
    );
    fc.assert(
      fc.property(value, value, (namespace, name) => {
        expect(grammarOf(renderQuery(query, { namespace, name }))).toEqual(known);
      }),
      { numRuns: 1000 },
    );
    // A control: unescaped, a value is a query.
    expect(grammarOf(query.replace('$namespace', '"} or up{a="'))).not.toEqual(known);
  });
});

import { RE2JS } from 're2js';
import { expressionOf, maskOf, promtailSanitisingStages, readPatterns, sanitising } from '../../rules/sanitising';
import { LOOK_ALIKES, leaks, SECRETS } from './corpus';
import { masked, passes, re2 } from './reference';

const { patterns: all } = readPatterns();
const { patterns } = sanitising();

describe('the patterns', () => {
  test('are expressions of RE2 that neither capture nor match the empty text', () => {
    for (const { before, secret, after, guard } of all) {
      for (const expression of [before, secret, after, ...guard.near, guard.with ?? '']) {
        expect([expression, RE2JS.compile(expression).groupCount()]).toEqual([expression, 0]);
      }
      expect([secret, RE2JS.compile(secret).matches('')]).toEqual([secret, false]);
    }
  });

  test('have guards, whose words are in lower case', () => {
    for (const { guard, kind } of all) {
      expect([kind, guard.any.length + guard.near.length > 0]).toEqual([kind, true]);
      for (const word of guard.any) {
        expect(word).toBe(word.toLowerCase());
      }
    }
  });

  test('leave their own masks alone', () => {
    for (const { kind } of all) {
      for (const carrier of [`password=${maskOf(kind)} end`, `{"token":"${maskOf(kind)}"}`, `a ${maskOf(kind)} b`]) {
        const once = masked(carrier, patterns);
        expect(masked(once, patterns)).toBe(once);
      }
    }
  });

  test('with a broken expression are found', () => {
    expect(() => RE2JS.compile('(?=lookahead)')).toThrow();
  });
});

describe('the corpus', () => {
  test('is as large as promised', () => {
    expect(SECRETS.length).toBeGreaterThanOrEqual(200);
    expect(LOOK_ALIKES.length).toBeGreaterThanOrEqual(200);
    expect(new Set(SECRETS.map(({ text }) => text)).size).toBe(SECRETS.length);
    expect(new Set(LOOK_ALIKES).size).toBe(LOOK_ALIKES.length);
  });

  test('has every secret in its text', () => {
    for (const each of SECRETS) {
      expect([each.title, leaks(each, each.text).length > 0]).toEqual([each.title, true]);
    }
  });

  test('loses every secret', () => {
    const leaking = SECRETS.map((each) => ({ title: each.title, text: masked(each.text, patterns), each }))
      .filter(({ each, text }) => leaks(each, text).length > 0)
      .map(({ title, text }) => `${title}: ${text}`);
    expect(leaking).toEqual([]);
  });

  test('stays JSON where it is', () => {
    const isJson = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const broken = SECRETS.filter(({ text }) => isJson(text)).filter(({ text }) => !isJson(masked(text, patterns)));
    expect(broken.map(({ title, text }) => `${title}: ${masked(text, patterns)}`)).toEqual([]);
  });

  test('keeps look-alikes, at least 99 of 100', () => {
    const changed = LOOK_ALIKES.filter((text) => masked(text, patterns) !== text);
    // One in ten numbers of the form of a card has a valid Luhn digit.
    expect(changed.length).toBeLessThanOrEqual(LOOK_ALIKES.length / 100);
    expect(changed.map((text) => masked(text, patterns)).filter((text) => !text.includes('[masked:card]'))).toEqual([]);
  });

  test('passes the guard of each pattern that matches', () => {
    const texts = SECRETS.map(({ text }) => text);
    const blocked = texts.flatMap((text) =>
      patterns
        .filter((pattern) => pattern.checksum === undefined && re2(expressionOf(pattern)).matcher(text).find())
        .filter((pattern) => !passes(pattern, text))
        .map(({ kind, guard }) => `${kind} ${JSON.stringify(guard)}: ${text}`),
    );
    expect(blocked).toEqual([]);
  });
});

describe('the options', () => {
  const on = sanitising({ nationalIds: ['us', 'gb', 'es', 'it', 'br'], hashAddressesWithKey: 'LOG_HASH_KEY' });

  test.each(['123-45-6789', 'AB 12 34 56 C', '12345678Z', 'RSSMRA85T10A562S', '123.456.789-09'])('mask %s', (id) => {
    expect(masked(`applicant ${id} accepted`, on.patterns)).toBe('applicant [masked:national_id] accepted');
    expect(masked(`applicant ${id} accepted`, patterns)).toContain(id);
  });

  test('are off by default', () => {
    expect(patterns.some(({ kind }) => kind === 'national_id' || kind === 'ip_address')).toBe(false);
    expect(on.patterns.some(({ hash }) => hash)).toBe(true);
  });

  test('refuse an unknown country and a key that is no variable', () => {
    expect(() => sanitising({ nationalIds: ['xx' as 'us'] })).toThrow(
      'nationalIds: xx: write one of br, es, gb, it, us',
    );
    expect(() => sanitising({ hashAddressesWithKey: 'a key' })).toThrow(
      'hashAddressesWithKey: a key: write the name of an environment variable',
    );
  });
});

test('Promtail replaces the one group of each stage', () => {
  const stages = promtailSanitisingStages(sanitising());
  expect(stages).toHaveLength(patterns.length);
  for (const { replace } of stages) {
    expect(RE2JS.compile(replace.expression).groupCount()).toBe(1);
    expect(replace.expression).not.toContain('\\\\');
  }
});

import type { InstrumentationOptions, SecurityEvent } from '../../instrumentation';
import { riskLevel, riskScore } from '../../instrumentation/security/risk';
import { type Bench, bench } from './support/instrumentation';
import { standInForRedis } from './support/redis';

const ATTACKER = '203.0.113.9';
const EVENTS = 'sightedit_security_events_total';

const settled = ({ instrumentation }: Bench) => instrumentation.securityMonitor.settled();
const events = ({ lines }: Bench) =>
  lines
    .filter(({ log_type }) => log_type === 'security')
    .map(({ event_type, details }) => ({
      event_type,
      ...(details as Record<string, unknown>),
    }));
const replicas = (count: number, options: InstrumentationOptions = {}) => {
  const redis = standInForRedis();
  return { redis, replicas: Array.from({ length: count }, () => bench({ ...options, redis })) };
};

test.each<[SecurityEvent['type'], SecurityEvent['severity'], object, number, string]>([
  ['auth_failure', 'low', {}, 10, 'low'],
  ['auth_failure', 'critical', { suspiciousUser: true }, 40, 'medium'],
  ['brute_force', 'medium', {}, 78, 'high'],
  ['brute_force', 'low', { intelligence: 'high' }, 90, 'critical'],
  ['suspicious_login', 'high', { intelligence: 'low' }, 53, 'medium'],
  ['xss_attempt', 'low', { intelligence: 'medium', suspiciousUser: true }, 100, 'critical'],
])('%s of severity %s with %j scores %i: %s', (type, severity, known, score, level) => {
  expect(riskScore({ type, severity, ...known })).toBe(score);
  expect(riskLevel(score)).toBe(level);
});

describe('Failed logins', () => {
  test('are brute force from the fifth, critical from the tenth, and each is said once', async () => {
    const one = bench();
    const { securityMonitor } = one.instrumentation;
    for (let attempt = 1; attempt <= 12; attempt++) {
      securityMonitor.checkAuthenticationFailure('ada', ATTACKER, 'curl/8');
      await settled(one);
      const high = await one.value(EVENTS, { type: 'brute_force', severity: 'high' });
      const critical = await one.value(EVENTS, { type: 'brute_force', severity: 'critical' });
      expect([attempt, high, critical]).toEqual([attempt, attempt >= 5 ? 1 : 0, attempt >= 10 ? 1 : 0]);
    }
    expect(await one.value(EVENTS, { type: 'auth_failure', severity: 'low' })).toBe(2);
    expect(await one.value(EVENTS, { type: 'auth_failure', severity: 'medium' })).toBe(10);
    expect(await one.value('sightedit_auth_attempts_total', { status: 'failed' })).toBe(12);
  });

  test('are counted again after 15 minutes', async () => {
    const one = bench();
    for (let round = 0; round < 2; round++) {
      for (let attempt = 0; attempt < 4; attempt++) {
        one.instrumentation.securityMonitor.checkAuthenticationFailure('ada', ATTACKER);
      }
      await settled(one);
      one.advance(15 * 60_000);
    }
    expect(await one.value(EVENTS, { type: 'brute_force', severity: 'high' })).toBe(0);
  });

  test('on ten accounts from one address, and on one account from ten addresses, are brute force', async () => {
    const one = bench();
    for (let index = 0; index < 10; index++) {
      one.instrumentation.securityMonitor.checkAuthenticationFailure(`user-${index}`, ATTACKER);
      one.instrumentation.securityMonitor.checkAuthenticationFailure('ada', `198.51.100.${index}`);
    }
    await settled(one);
    const patterns = events(one).filter(({ event_type }) => event_type === 'brute_force');
    expect(patterns).toEqual([
      expect.objectContaining({ pattern: 'many_accounts', accounts: 10 }),
      expect.objectContaining({ pattern: 'many_addresses', addresses: 10 }),
    ]);
  });

  test('with a name that is no text, or a megabyte long, are counted', async () => {
    const one = bench();
    for (const name of [{ toString: 1 }, null, Symbol('x'), 'x'.repeat(1_000_000)] as unknown as string[]) {
      one.instrumentation.securityMonitor.checkAuthenticationFailure(name, ATTACKER, name);
    }
    await settled(one);
    expect(events(one).filter(({ event_type }) => event_type === 'auth_failure')).toHaveLength(4);
  });

  test('on several replicas are judged together, by one of them', async () => {
    const { replicas: all } = replicas(3);
    for (let attempt = 0; attempt < 6; attempt++) {
      const replica = all[attempt % 3]!;
      replica.instrumentation.securityMonitor.checkAuthenticationFailure('ada', ATTACKER);
      await settled(replica);
    }
    const counts = await Promise.all(all.map(({ value }) => value(EVENTS, { type: 'brute_force', severity: 'high' })));
    expect(counts.reduce<number>((sum, count) => sum + count!, 0)).toBe(1);
  });

  test('are judged by each replica alone while Redis is away, which is counted and logged once', async () => {
    const { redis, replicas: all } = replicas(1);
    const one = all[0]!;
    redis.away = true;
    for (let attempt = 0; attempt < 5; attempt++) {
      one.instrumentation.securityMonitor.checkAuthenticationFailure('ada', ATTACKER);
      await settled(one);
    }
    expect(await one.value(EVENTS, { type: 'brute_force', severity: 'high' })).toBe(1);
    expect(await one.value('sightedit_errors_total', { error_type: 'shared_state_unavailable' })).toBeGreaterThan(0);
    expect(one.lines.filter(({ message }) => message === 'Redis does not answer')).toHaveLength(1);
    // It is left alone for five seconds, and asked again afterwards.
    const before = redis.commands;
    redis.away = false;
    one.instrumentation.securityMonitor.checkAuthenticationFailure('eve', ATTACKER);
    await settled(one);
    expect(redis.commands).toBe(before);
    one.advance(5_001);
    one.instrumentation.securityMonitor.checkAuthenticationFailure('eve', ATTACKER);
    await settled(one);
    expect(redis.commands).toBeGreaterThan(before);
  });
});

describe('Logins', () => {
  const places: Record<string, object> = {
    '198.51.100.1': { country: 'DE', latitude: 52.5, longitude: 13.4 },
    '198.51.100.2': { country: 'DE', latitude: 48.1, longitude: 11.6 },
    '198.51.100.3': { country: 'AU', latitude: -33.9, longitude: 151.2 },
  };
  const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/18 Safari/605';
  const locate: InstrumentationOptions['locate'] = async (ip) => places[ip] as { country: string };

  const login = async (one: Bench, address: string, agent: string, hours: number) => {
    one.advance(hours * 3_600_000);
    const before = events(one).length;
    one.instrumentation.securityMonitor.checkSuspiciousLogin('ada', address, agent);
    await settled(one);
    return events(one).slice(before);
  };

  test('are unusual from a new country, on a new device, or after an impossible journey', async () => {
    const one = bench({ locate });
    expect(await login(one, '198.51.100.1', FIREFOX, 0)).toEqual([]);
    expect(await login(one, '198.51.100.2', FIREFOX.replaceAll('140', '141'), 2)).toEqual([]);
    expect(await login(one, '198.51.100.1', SAFARI, 24)).toEqual([
      expect.objectContaining({ threats: ['new_device'], severity: 'low' }),
    ]);
    expect(await login(one, '198.51.100.3', FIREFOX, 30)).toEqual([
      expect.objectContaining({ threats: ['new_country'], severity: 'medium', country: 'AU' }),
    ]);
    expect(await login(one, '198.51.100.1', FIREFOX, 2)).toEqual([
      expect.objectContaining({ threats: ['impossible_travel'], severity: 'high' }),
    ]);
    expect(await one.value('sightedit_auth_attempts_total', { status: 'success' })).toBe(5);
  });

  test('are known to other replicas', async () => {
    const { replicas: all } = replicas(2, { locate });
    await login(all[0]!, '198.51.100.1', FIREFOX, 0);
    expect(await login(all[1]!, '198.51.100.3', FIREFOX, 0)).toEqual([
      expect.objectContaining({ threats: ['new_country', 'impossible_travel'] }),
    ]);
  });

  test('are counted when the lookup of places fails', async () => {
    const one = bench({ locate: () => Promise.reject(new Error('no database')) });
    expect(await login(one, '198.51.100.1', FIREFOX, 0)).toEqual([]);
    expect(await one.value('sightedit_auth_attempts_total', { status: 'success' })).toBe(1);
    expect(one.lines).toContainEqual(expect.objectContaining({ level: 'error' }));
  });
});

describe('A client', () => {
  test('is above the limit from request 101 of a minute on, and is reported once', async () => {
    const one = bench();
    const { securityMonitor } = one.instrumentation;
    const answers = Array.from({ length: 130 }, () => securityMonitor.rateLimit('key', ATTACKER));
    await settled(one);
    expect(answers.filter(Boolean)).toHaveLength(30);
    expect(answers.indexOf(true)).toBe(100);
    expect(await one.value(EVENTS, { type: 'rate_limit_violation', severity: 'medium' })).toBe(1);
    one.advance(60_000);
    expect(securityMonitor.rateLimit('key', ATTACKER)).toBe(false);
  });

  test('is limited by the requests to all replicas', async () => {
    const { replicas: all } = replicas(2);
    for (let request = 0; request < 60; request++) {
      for (const replica of all) {
        replica.instrumentation.securityMonitor.rateLimit('key', ATTACKER);
        await settled(replica);
      }
    }
    expect(all.map(({ instrumentation }) => instrumentation.securityMonitor.rateLimit('key', ATTACKER))).toEqual([
      true,
      true,
    ]);
  });
});

describe('An API key', () => {
  test('is suspicious when it calls many endpoints, or is used from many addresses', async () => {
    const one = bench({ limits: { endpointsPerKey: 3, addressesPerKey: 3 } });
    for (let index = 0; index < 6; index++) {
      one.instrumentation.securityMonitor.suspiciousAPI('key-1', `/api/sites/${index}`, 'GET', `198.51.100.${index}`);
      await settled(one);
    }
    expect(events(one)).toEqual([
      expect.objectContaining({ event_type: 'suspicious_api_usage', patterns: ['enumeration', 'many_addresses'] }),
    ]);
    expect(JSON.stringify(one.lines)).not.toContain('key-1');
  });
});

describe('Violations', () => {
  test('are counted, reported, and answered with true', async () => {
    const one = bench();
    const { securityMonitor } = one.instrumentation;
    expect(securityMonitor.sqlInjection("' OR 1=1--", 'ada', ATTACKER)).toBe(true);
    expect(securityMonitor.xssAttempt('<script>alert(1)</script>', 'ada', ATTACKER, { field: 'title' })).toBe(true);
    expect(securityMonitor.pathTraversal('../../etc/passwd')).toBe(true);
    securityMonitor.maliciousUpload('cat.svg.exe', 'an executable');
    securityMonitor.csrfViolation('/api/save');
    expect(securityMonitor.sqlInjection("O'Brien")).toBe(false);
    expect(securityMonitor.xssAttempt('`<script>`', undefined, undefined, 'content')).toBe(false);
    expect(securityMonitor.unauthorizedAccess('/admin', 'admin', ['editor'], 'ada')).toBe(true);
    expect(securityMonitor.unauthorizedAccess('/admin', 'admin', ['admin'])).toBe(false);
    await settled(one);
    for (const type of ['sql_injection', 'xss', 'path_traversal', 'malicious_upload', 'csrf']) {
      expect([type, await one.value('sightedit_security_violations_total', { type })]).toEqual([type, 1]);
    }
    expect(
      events(one)
        .map(({ event_type }) => event_type)
        .sort(),
    ).toEqual([
      ...['malicious_file_upload', 'sql_injection', 'suspicious_api_usage', 'unauthorized_access'],
      ...['unauthorized_access', 'xss_attempt'],
    ]);
    const line = one.lines.find(({ event_type }) => event_type === 'sql_injection');
    expect(line).toMatchObject({
      source_ip: ATTACKER,
      result: 'rejected',
      risk_level: 'critical',
      user_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  test('of a known attacker, or of a user who did it before, are critical', async () => {
    const one = bench();
    const { securityMonitor } = one.instrumentation;
    const probe = async (user: string, address: string) => {
      securityMonitor.sqlInjection("' OR 1=1--", user, address);
      await settled(one);
    };
    await probe('ada', '198.51.100.1');
    expect(await one.value(EVENTS, { type: 'sql_injection', severity: 'critical' })).toBe(0);
    await probe('ada', '198.51.100.1');
    expect(await one.value(EVENTS, { type: 'sql_injection', severity: 'critical' })).toBe(1);
    const known = { riskLevel: 'high', categories: ['botnet'], lastSeen: 0, source: 'test' } as const;
    securityMonitor.addThreatIntelligence({ ipAddress: ATTACKER, ...known });
    expect(securityMonitor.getThreatIntelligence(ATTACKER)).toMatchObject(known);
    expect(securityMonitor.getThreatIntelligence('198.51.100.1')).toBeNull();
    await probe('eve', ATTACKER);
    expect(await one.value(EVENTS, { type: 'sql_injection', severity: 'critical' })).toBe(2);
  });

  test('have a summary', async () => {
    const one = bench();
    const { securityMonitor } = one.instrumentation;
    securityMonitor.xssAttempt('<script>', undefined, ATTACKER);
    await settled(one);
    one.advance(3_600_000);
    securityMonitor.reportSecurityEvent({ type: 'fraud_attempt', severity: 'critical', action: 'refund', details: {} });
    await settled(one);
    expect(securityMonitor.getSecurityMetrics(60_000)).toMatchObject({
      totalEvents: 1,
      eventsByType: { fraud_attempt: 1 },
      averageRiskScore: 100,
      criticalEventsLast24h: 1,
    });
    expect(securityMonitor.getSecurityMetrics()).toMatchObject({
      totalEvents: 2,
      topSourceIPs: [{ ip: ATTACKER, count: 1 }],
      riskScoreDistribution: [0, 0, 0, 0, 2],
    });
  });
});

test('An event of an unknown type or severity is logged, and not counted', async () => {
  const one = bench();
  const before = await one.series();
  const event = { type: 'alien_invasion', severity: 'low', action: 'x', details: {} } as unknown as SecurityEvent;
  one.instrumentation.securityMonitor.reportSecurityEvent(event);
  await settled(one);
  expect(await one.series()).toEqual(before);
  expect(one.lines[0]).toMatchObject({ level: 'warn' });
});

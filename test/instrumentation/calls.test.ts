import type { Kpis, SecurityMetrics, ThreatIntelligence } from '../../instrumentation';
import * as library from '../../instrumentation';

/**
 * Every call that SightEdit's code makes. It is compiled, and not run: the test of its effect is in the other files.
 */
async function existingCalls(): Promise<void> {
  const { businessMetrics, securityMonitor, errors, createSpan, withSpan } = library;
  businessMetrics.trackEditorActivation('text');
  businessMetrics.trackEditorActivation('text', 'user', 'session');
  businessMetrics.trackSaveOperation('success', 'text');
  businessMetrics.trackSaveOperation('failed', 'text', 12, 'user', 'session');
  businessMetrics.trackSessionStart('user', 'session');
  businessMetrics.trackSessionEnd();
  businessMetrics.trackFeatureUsage('feature', 'action', 'user', 'session');
  businessMetrics.trackError('TypeError', 'message', 'user', 'session');
  businessMetrics.trackConversion('signup', 10, 'user', 'session');
  businessMetrics.trackRetention('user', 3, 7);
  businessMetrics.trackABTest('test', 'variant', 'user', 'session');
  businessMetrics.trackCustomEvent('feature_used', { feature: 'advanced_editor', user_tier: 'premium' });
  const kpis: Kpis = await businessMetrics.calculateKPIs('day');
  const figures: readonly number[] = [
    ...[kpis.dailyActiveUsers, kpis.weeklyActiveUsers, kpis.monthlyActiveUsers, kpis.averageSessionDuration],
    ...[kpis.editorActivationRate, kpis.saveSuccessRate, kpis.userRetentionRate, kpis.errorRate, kpis.performanceScore],
    ...Object.values(kpis.featureAdoptionRate),
  ];

  const event = { type: 'fraud_attempt', severity: 'high', action: 'refund', details: {} } as const;
  securityMonitor.reportSecurityEvent({
    ...event,
    userId: 'u',
    sessionId: 's',
    sourceIP: 'i',
    userAgent: 'a',
    resource: 'r',
  });
  securityMonitor.checkAuthenticationFailure('user', '192.0.2.1');
  securityMonitor.checkAuthenticationFailure('user', '192.0.2.1', 'agent', { reason: 'password' });
  securityMonitor.checkSuspiciousLogin('user', '192.0.2.1', 'agent', {});
  const verdicts: readonly boolean[] = [
    securityMonitor.sqlInjection('input', 'user', '192.0.2.1', { field: 'name' }),
    securityMonitor.xssAttempt('input', 'user', '192.0.2.1', { field: 'name' }),
    securityMonitor.rateLimit('identifier', '192.0.2.1', 'user', 'action'),
    securityMonitor.unauthorizedAccess('resource', 'admin', ['editor'], 'user', '192.0.2.1'),
  ];
  securityMonitor.suspiciousAPI('key', '/api/save', 'POST', '192.0.2.1', 'user');
  const metrics: SecurityMetrics = securityMonitor.getSecurityMetrics(60_000);
  const known: ThreatIntelligence | null = securityMonitor.getThreatIntelligence('192.0.2.1');
  const intelligence = {
    ipAddress: '192.0.2.1',
    riskLevel: 'high',
    categories: ['tor'],
    lastSeen: 0,
    source: 'feed',
  } as const;
  securityMonitor.addThreatIntelligence(intelligence);

  createSpan('name').end();
  createSpan('name', { attributes: { a: 1 } }).end();
  const result: number = await withSpan('name', async (span) => span.spanContext().traceFlags, {
    attributes: { a: 1 },
  });
  const ids: readonly (string | undefined)[] = [library.getTraceId(), library.getSpanId()];
  library.addBusinessContext({ userId: 'user', feature: 'x', anything: 1 });
  library.addSecurityContext({ sourceIP: '192.0.2.1', riskLevel: 'low' });

  const tracking = { environment: 'test', release: 'v1', sampleRate: 1, tracesSampleRate: 0.1, tags: { a: 'b' } };
  errors.init({ dsn: '', ...tracking, user: { id: 'user' } });
  errors.captureException(new Error('x'), { tags: {}, extra: {} });
  errors.captureMessage('message', 'warning');
  errors.addBreadcrumb({ message: 'x', category: 'y', level: 'info' });
  errors.setUser({ id: 'user' });
  errors.setTag('a', 'b');
  errors.setExtra('a', { b: 1 });
  const sent: readonly boolean[] = [await errors.flush(10), await errors.close(10)];
  console.debug(figures, verdicts, metrics, known, result, ids, sent);
}

test('The objects and functions exist, and work before instrument() was called', () => {
  const { businessMetrics, securityMonitor, errors, logger } = library;
  expect(existingCalls).toBeInstanceOf(Function);
  expect(businessMetrics.trackEditorActivation).toBeInstanceOf(Function);
  expect(securityMonitor.getSecurityMetrics(1)).toMatchObject({ totalEvents: 0 });
  expect(errors.init({})).toBe(false);
  expect(logger.child).toBeInstanceOf(Function);
});

test('instrument() after the first use is refused: the events until then would be lost', () => {
  expect(() => library.instrument({})).toThrow('instrument() was called too late, or twice');
});

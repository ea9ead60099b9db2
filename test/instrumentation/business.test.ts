import { bench } from './support/instrumentation';

const VOCABULARY = {
  features: ['advanced_editor'],
  conversions: ['signup'],
  currencies: ['EUR'],
  experiments: { toolbar: ['left', 'right'] },
};

describe('businessMetrics', () => {
  test('counts each event, and writes it to the business stream', async () => {
    const { instrumentation, lines, value, advance } = bench({ vocabulary: VOCABULARY });
    const { businessMetrics: business } = instrumentation;
    business.trackSessionStart('user-1', 'session-1');
    business.trackEditorActivation('richtext', 'user-1', 'session-1');
    business.trackSaveOperation('success', 'richtext', 250, 'user-1', 'session-1');
    business.trackSaveOperation('failed', 'hologram', undefined, 'user-1');
    business.trackFeatureUsage('advanced_editor', 'open', 'user-1');
    business.trackConversionStart('signup', 'user-1');
    business.trackConversion('signup', 10, 'user-1');
    business.trackRevenue(1999, 'EUR', 'user-1');
    business.trackRetention('user-1', 3, 7);
    business.trackABTest('toolbar', 'left', 'user-1');
    business.trackCustomEvent('feature_used', { feature: 'advanced_editor', user_tier: 'premium' });
    business.trackError('TypeError', 'x is not a function', 'user-1');
    advance(90_000);
    expect(await value('sightedit_active_sessions')).toBe(1);
    business.trackSessionEnd('user-1', 'session-1');

    expect(await value('sightedit_active_sessions')).toBe(0);
    expect(await value('sightedit_session_duration_seconds_sum')).toBe(90);
    expect(await value('sightedit_editor_activations_total', { editor_type: 'richtext' })).toBe(1);
    expect(await value('sightedit_save_operations_total', { status: 'success', editor_type: 'richtext' })).toBe(1);
    expect(await value('sightedit_save_operations_total', { status: 'failed', editor_type: 'other' })).toBe(1);
    const save = { operation: 'save', success: 'true' };
    expect(await value('sightedit_operation_duration_seconds_sum', save)).toBe(0.25);
    expect(await value('sightedit_feature_usage_total', { feature: 'advanced_editor' })).toBe(2);
    expect(await value('sightedit_conversion_funnel_started_total', { type: 'signup' })).toBe(1);
    expect(await value('sightedit_conversions_total', { type: 'signup' })).toBe(1);
    expect(await value('sightedit_revenue_minor_units_total', { currency: 'EUR' })).toBe(1999);
    expect(await value('sightedit_experiment_exposures_total', { experiment: 'toolbar', variant: 'left' })).toBe(1);
    expect(await value('sightedit_errors_total', { error_type: 'TypeError' })).toBe(1);

    const events = lines.filter(({ log_type }) => log_type === 'business').map(({ event_name }) => event_name);
    expect(events).toEqual([
      ...['session_start', 'editor_activation', 'save_operation', 'save_operation', 'feature_usage'],
      ...['conversion_started', 'conversion', 'revenue', 'user_retention', 'experiment_exposure', 'feature_used'],
      ...['error_occurred', 'session_end'],
    ]);
  });

  test('never has a user or a session in a label, and hashes both in the log', async () => {
    const { instrumentation, lines, series } = bench();
    instrumentation.businessMetrics.trackEditorActivation('text', 'user-secret', 'session-secret');
    instrumentation.businessMetrics.trackSessionStart('user-secret', 'session-secret');
    expect(JSON.stringify(await series())).not.toContain('secret');
    expect(JSON.stringify(lines)).not.toContain('user-secret');
    expect(lines[0]).toMatchObject({ user_id: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(lines[0]!.user_id).toBe(lines[1]!.user_id);
  });

  test.each([
    ['plain', 'user-1'],
    ['none', undefined],
  ] as const)('writes identities %s if asked to', (identities, expected) => {
    const { instrumentation, lines } = bench({ identities });
    instrumentation.businessMetrics.trackRetention('user-1', 1, 7);
    expect(lines[0]!.user_id).toBe(expected);
  });

  test.each([0, -5, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('does not count revenue of %p', async (amount) => {
    const { instrumentation, series, lines } = bench({ vocabulary: VOCABULARY });
    const before = await series();
    instrumentation.businessMetrics.trackRevenue(amount, 'EUR');
    expect(await series()).toEqual(before);
    expect(lines[0]).toMatchObject({ level: 'warn' });
  });

  test('forgets sessions that never end, after a day', async () => {
    const { instrumentation, value, advance } = bench();
    instrumentation.businessMetrics.trackSessionStart('user-1', 'old');
    advance(25 * 3_600_000);
    instrumentation.businessMetrics.trackSessionStart('user-1', 'new');
    expect(await value('sightedit_active_sessions')).toBe(1);
    instrumentation.businessMetrics.trackSessionEnd('user-1', 'old');
    expect(await value('sightedit_session_duration_seconds_count')).toBe(0);
  });
});

describe('calculateKPIs()', () => {
  test('has the rates of the process', async () => {
    const { instrumentation } = bench({ vocabulary: VOCABULARY });
    const { businessMetrics: business } = instrumentation;
    business.trackSessionStart('user-1', 'a');
    business.trackSessionStart('user-2', 'b');
    business.trackEditorActivation('text');
    business.trackSaveOperation('success', 'text', 100);
    business.trackSaveOperation('success', 'text', 1_000);
    business.trackSaveOperation('failed', 'text', 10);
    business.trackFeatureUsage('advanced_editor', 'open');
    expect(await business.calculateKPIs('day')).toEqual({
      dailyActiveUsers: 0,
      weeklyActiveUsers: 0,
      monthlyActiveUsers: 0,
      userRetentionRate: 0,
      averageSessionDuration: 0,
      editorActivationRate: 0.5,
      saveSuccessRate: 2 / 3,
      featureAdoptionRate: { advanced_editor: 0.5 },
      errorRate: 0,
      performanceScore: 50,
    });
  });
});

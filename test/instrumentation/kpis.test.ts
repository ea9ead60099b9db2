import { KpiComputation } from '../../instrumentation/business/kpis';
import { bench } from './support/instrumentation';

/** A database in which one client at a time holds the lock. */
function database(answers: { readonly users?: number; readonly retention?: number | null } = {}) {
  const { users = 7, retention = 0.25 } = answers;
  let holder: object | undefined;
  const listeners: ((error: Error) => void)[] = [];
  const state = { broken: false, released: 0, losses: listeners };
  return {
    state,
    async connect() {
      if (state.broken) {
        throw new Error('connection refused');
      }
      const client = {
        on: (_event: 'error', listener: (error: Error) => void) => listeners.push(listener),
        async query(sql: string) {
          if (sql.includes('pg_try_advisory_lock')) {
            const elected = holder === undefined;
            holder = elected ? client : holder;
            return { rows: [{ elected }] };
          }
          if (state.broken) {
            throw new Error('connection lost');
          }
          // bigint arrives as text.
          return { rows: [{ value: sql.includes('retention') ? retention : `${users}` }] };
        },
        release(destroy = false) {
          state.released += 1;
          if (destroy && holder === client) {
            holder = undefined;
          }
        },
      };
      return client;
    },
  };
}

const FRESH = 'sightedit_business_metrics_last_success_timestamp_seconds';

function computation(shared: ReturnType<typeof database>) {
  const one = bench();
  const { metrics, logger } = one.instrumentation;
  return { ...one, kpis: new KpiComputation({ database: shared }, metrics, logger) };
}

test('One of two replicas computes the gauges, and the other takes over when it stops', async () => {
  const shared = database();
  const first = computation(shared);
  const second = computation(shared);
  await first.kpis.compute();
  await second.kpis.compute();
  expect(await first.value('sightedit_active_users', { window: 'week' })).toBe(7);
  expect(await first.value('sightedit_user_retention_ratio', { cohort: 'week_4' })).toBe(0.25);
  expect(await first.value(FRESH, { metric: 'sightedit_active_users' })).toBeGreaterThan(1.7e9);
  expect(await second.value('sightedit_active_users', { window: 'week' })).toBeUndefined();
  await first.kpis.stop();
  await second.kpis.compute();
  expect(await second.value('sightedit_active_users', { window: 'day' })).toBe(7);
});

test('A replica that loses its connection gives way, and a new election follows', async () => {
  const shared = database();
  const first = computation(shared);
  const second = computation(shared);
  await first.kpis.compute();
  for (const lose of shared.state.losses) {
    lose(new Error('terminated'));
  }
  await second.kpis.compute();
  expect(await second.value('sightedit_active_users', { window: 'day' })).toBe(7);
});

test('A failure is counted and logged, and the next computation works again', async () => {
  const shared = database();
  const { kpis, value, lines } = computation(shared);
  shared.state.broken = true;
  await kpis.compute();
  expect(await value('sightedit_errors_total', { error_type: 'kpi_computation_failed' })).toBe(1);
  expect(lines[0]).toMatchObject({ level: 'error', error: { message: 'connection refused' } });
  expect(await value(FRESH, { metric: 'sightedit_active_users' })).toBeUndefined();
  shared.state.broken = false;
  await kpis.compute();
  expect(await value('sightedit_active_users', { window: 'day' })).toBe(7);
});

test('A cohort of nobody has no retention', async () => {
  const { kpis, value } = computation(database({ retention: null }));
  await kpis.compute();
  expect(await value('sightedit_user_retention_ratio', { cohort: 'week_1' })).toBeUndefined();
  expect(await value(FRESH, { metric: 'sightedit_user_retention_ratio' })).toBeGreaterThan(0);
});

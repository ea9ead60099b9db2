import { gates } from '../../../remediation/gates';
import { BACKEND, Bench, restarts, skipped } from '../support/bench';

const DATABASE_DOWN = { name: 'database-down', query: 'pg_up == 0' };
const ROLLING_OUT = { name: 'rolling-out', query: 'rolling_out{namespace="$namespace",name="$name"} == 1' };
const ABOUT_BACKEND = 'rolling_out{namespace="sightedit",name="backend"} == 1';

describe('A blocking condition', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench({ policies: [restarts({ skipWhile: [DATABASE_DOWN, ROLLING_OUT] })] });
  });

  const outcome = async (target = BACKEND) =>
    skipped(gates.health(bench.inputOf(await bench.accept(), target), bench.context));

  it('lets a record through while it does not hold', async () => {
    expect(await outcome()).toBe('passes');
    expect(bench.prometheus.asked).toEqual([DATABASE_DOWN.query, ABOUT_BACKEND]);
  });

  it('skips a record while it holds', async () => {
    bench.prometheus.answer(DATABASE_DOWN.query, 0);
    expect(await outcome()).toBe('unhealthy: database-down holds');
  });

  it('skips a record while any of several holds', async () => {
    bench.prometheus.answer(ABOUT_BACKEND, 1);
    expect(await outcome()).toBe('unhealthy: rolling-out holds');
  });

  it('is queried for the target only', async () => {
    bench.prometheus.answer(ABOUT_BACKEND, 1);
    expect(await outcome({ ...BACKEND, name: 'frontend' })).toBe('passes');
    expect(await outcome({ kind: 'Database', name: 'backend' })).toBe('passes');
    expect(bench.prometheus.asked).toContain('rolling_out{namespace="",name="backend"} == 1');
  });

  it.each([DATABASE_DOWN.query, ABOUT_BACKEND])('skips a record while Prometheus cannot answer: %s', async (query) => {
    bench.prometheus.answer(query, new Error('no Prometheus answered'));
    expect(await outcome()).toMatch(/^health-unknown: .*(database-down|rolling-out).*no Prometheus answered/);
  });

  it('is not queried where the policy has none', async () => {
    bench = new Bench();
    expect(await outcome()).toBe('passes');
    expect(bench.prometheus.asked).toEqual([]);
  });
});

import { scaleUp } from '../../../remediation';
import { gates } from '../../../remediation/gates';
import { FINAL_PHASES, KEYS, type Phase } from '../../../remediation/record';
import { APPLICATION, BACKEND, Bench, restarts, skipped } from '../support/bench';
import { standStill } from '../support/clock';

standStill();

const SCALE_UP = scaleUp({
  namespace: APPLICATION,
  deployments: ['backend'],
  maxReplicas: 5,
  verification: { query: 'vector(1)' },
});

describe('A target', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench({ policies: [restarts(), restarts({ name: 'restart-too' }), SCALE_UP] });
  });

  /** What becomes of a request for the backend while another record has come to a phase. */
  async function outcome(phase: Phase, target = BACKEND, policyName = 'restart', labels = {}): Promise<string> {
    const policy = bench.props.policies.get(policyName)!;
    const other = await bench.put({ phase, target }, { labels }, policy);
    const message = await skipped(gates.target(bench.inputOf(await bench.accept()), bench.context));
    return message.replace(other.metadata.name, 'OTHER');
  }

  it.each<Phase>(['awaiting-approval', 'executing', 'verifying'])(
    'is occupied by a record that is %s',
    async (phase) => {
      const message = await outcome(phase);
      expect(message).toMatch(/^target-locked: OTHER /);
      expect(message).toContain(phase);
    },
  );

  it('is occupied by a record of another policy with the same action', async () => {
    expect(await outcome('executing', BACKEND, 'restart-too')).toMatch(/^target-locked: /);
  });

  it('is not occupied by a record that is not decided yet', async () => {
    expect(await outcome('accepted')).toBe('passes');
  });

  it.each(FINAL_PHASES)(
    'is not occupied by a record that ended %s, and whose change is to be reverted',
    async (phase) => {
      expect(await outcome(phase)).toBe('passes');
    },
  );

  it('is not occupied by a record of another target', async () => {
    expect(await outcome('executing', { ...BACKEND, name: 'frontend' })).toBe('passes');
    expect(await outcome('executing', { ...BACKEND, namespace: 'other' })).toBe('passes');
    expect(await outcome('executing', { ...BACKEND, kind: 'StatefulSet' })).toBe('passes');
  });

  it('is not occupied by a record of another action', async () => {
    expect(await outcome('executing', BACKEND, 'scale-up')).toBe('passes');
  });

  it('is not occupied by a record that is closed', async () => {
    expect(await outcome('executing', BACKEND, 'restart', { [KEYS.open]: 'false' })).toBe('passes');
  });

  it('is not occupied by the record itself', async () => {
    const own = await bench.put({ phase: 'awaiting-approval', target: BACKEND });
    expect(await skipped(gates.target(bench.inputOf(own), bench.context))).toBe('passes');
  });

  it('is occupied by one of several records, whichever comes first', async () => {
    await bench.put({ phase: 'accepted', target: BACKEND });
    await bench.put({ phase: 'succeeded', target: BACKEND });
    expect(await outcome('verifying')).toMatch(/^target-locked: OTHER /);
  });
});

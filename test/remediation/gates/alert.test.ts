import { gates } from '../../../remediation/gates';
import { RECORDED_LENGTH } from '../../../remediation/record';
import { Bench, restarts, skipped } from '../support/bench';

type Labels = Readonly<Record<string, string>>;

const SERIES = { __name__: 'ALERTS', alertstate: 'firing', alertname: 'SampleAlert', remediation: 'restart' };
const ASKED = 'ALERTS{alertname="SampleAlert", alertstate="firing", remediation="restart"}';

describe('An alert', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });

  /** What becomes of a delivered alert while series of some labels fire. */
  async function outcome(delivered: Labels, firing: readonly Labels[], context = bench.context, policy = bench.policy) {
    const record = await bench.accept({ remediation: 'restart', ...delivered });
    const query = jest.spyOn(bench.prometheus, 'queryAny');
    query.mockResolvedValue(firing.map((labels) => ({ labels: { ...SERIES, ...labels }, value: 1 })));
    const result = await skipped(gates.alert(bench.inputOf(record, undefined, policy), context));
    return { result: result.split(':')[0], asked: query.mock.calls.map(([text]) => text) };
  }
  const WHERE = { namespace: 'sightedit', deployment: 'backend' };

  it('lets a record through while it fires with the same labels, beside others', async () => {
    const firing = [{ namespace: 'other' }, WHERE];
    expect(await outcome(WHERE, firing)).toEqual({ result: 'passes', asked: [ASKED] });
  });

  it.each<[string, Labels, readonly Labels[]]>([
    ['fires nowhere', WHERE, []],
    ['fires with another value', WHERE, [{ ...WHERE, deployment: 'frontend' }]],
    ['fires with fewer labels', { ...WHERE, pod: 'backend-1' }, [WHERE]],
    // Without its prefix, the alert would clear the whole cache.
    ['fires with more labels', WHERE, [{ ...WHERE, cache_prefix: 'user:' }]],
    ['fires twice, with half of the labels each', WHERE, [{ namespace: 'sightedit' }, { deployment: 'backend' }]],
  ])('that %s is skipped', async (_what, delivered, firing) => {
    expect((await outcome(delivered, firing)).result).toBe('alert-not-firing');
  });

  it('may carry external labels that its series lacks, with their values', async () => {
    const context = { ...bench.context, alertLabels: { external: { cluster: 'one' }, relabelled: [] } };
    expect((await outcome({ ...WHERE, cluster: 'one' }, [WHERE], context)).result).toBe('passes');
    expect((await outcome({ ...WHERE, cluster: 'two' }, [WHERE], context)).result).toBe('alert-not-firing');
    expect((await outcome({ ...WHERE, cluster: 'one' }, [{ ...WHERE, cluster: 'two' }], context)).result).toBe(
      'alert-not-firing',
    );
  });

  it('may differ in the labels that are relabelled', async () => {
    const context = { ...bench.context, alertLabels: { external: {}, relabelled: ['tenant', 'team'] } };
    expect((await outcome({ ...WHERE, tenant: 'a' }, [{ ...WHERE, team: 'b' }], context)).result).toBe('passes');
  });

  it('is compared as far as the record keeps its labels', async () => {
    const long = 'x'.repeat(RECORDED_LENGTH);
    expect((await outcome({ ...WHERE, text: long }, [{ ...WHERE, text: `${long}y` }])).result).toBe('passes');
  });

  it('is skipped while Prometheus cannot answer', async () => {
    const record = await bench.accept();
    jest.spyOn(bench.prometheus, 'queryAny').mockRejectedValue(new Error('no Prometheus answered'));
    expect(await skipped(gates.alert(bench.inputOf(record), bench.context))).toMatch(
      /^health-unknown: .*SampleAlert is firing: no Prometheus answered/,
    );
  });

  it('is not asked for where the policy says that another source raises it', async () => {
    const policy = restarts({ requireFiring: false });
    expect(await outcome(WHERE, [], bench.context, policy)).toEqual({ result: 'passes', asked: [] });
  });

  it('cannot leave the query', async () => {
    const { asked } = await outcome({ alertname: 'x"} or vector(1) #' }, []);
    expect(asked).toEqual(['ALERTS{alertname="x\\"} or vector(1) #", alertstate="firing", remediation="restart"}']);
  });

  describe('of a rule of Loki', () => {
    type Answer = readonly Labels[] | Error;
    const answer = async (value: Answer) => {
      if (value instanceof Error) {
        throw value;
      }
      return value;
    };
    const DELIVERED = { ...WHERE, alertname: 'SampleAlert', client_ip: '203.0.113.7' };
    const FIRING = { ...DELIVERED, remediation: 'restart' };
    const DOWN = new Error('no Loki answered');

    /** What becomes of an alert that both servers are asked about. */
    async function judged(loki: Answer, prometheus: Answer = []) {
      const record = await bench.accept({ remediation: 'restart', ...DELIVERED });
      jest
        .spyOn(bench.prometheus, 'queryAny')
        .mockImplementation(async () => (await answer(prometheus)).map((labels) => ({ labels, value: 1 })));
      const firing = jest.fn(() => answer(loki));
      const clients = { ...bench.context.clients, loki: { firing, lines: async () => [] } };
      const result = await skipped(gates.alert(bench.inputOf(record), { ...bench.context, clients }));
      expect(firing).toHaveBeenCalledWith('SampleAlert');
      return result;
    }

    it.each<[string, Answer, Answer]>([
      ['while Loki says that it fires', [FIRING], []],
      ['while Loki says so and Prometheus does not answer', [FIRING], DOWN],
      ['while Prometheus says so and Loki does not answer', DOWN, [{ ...SERIES, ...FIRING }]],
    ])('passes %s', async (_what, loki, prometheus) => {
      expect(await judged(loki, prometheus)).toBe('passes');
    });

    it.each<[string, Answer, Answer, string]>([
      ['it fires nowhere', [], [], 'alert-not-firing: Prometheus and Loki say that SampleAlert'],
      ['it fires with another address', [{ ...FIRING, client_ip: '203.0.113.8' }], [], 'alert-not-firing: '],
      // Half of the labels in each server are no proof.
      ['the answers complete each other', [{ ...FIRING, client_ip: '' }], [{ client_ip: '203.0.113.7' }], 'alert-not-'],
      ['one of them does not answer', DOWN, [], 'health-unknown: cannot tell whether SampleAlert is firing: no Loki'],
    ])('is skipped where %s', async (_what, loki, prometheus, expected) => {
      expect(await judged(loki, prometheus)).toContain(expected);
    });
  });
});

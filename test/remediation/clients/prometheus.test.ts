import { PrometheusClient } from '../../../remediation/clients';
import { NOW } from '../sample';
import { standStill } from '../support/clock';

standStill();

const SECONDS = NOW.getTime() / 1000;
const sample = (value: unknown = '1', time: unknown = SECONDS) => ({ metric: { job: 'a' }, value: [time, value] });
const vector = (...result: unknown[]) => ({ status: 'success', data: { resultType: 'vector', result } });

/** Lets each server give an answer: its status and its body. */
function answering(answers: Readonly<Record<string, readonly [number, unknown]>>) {
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    const [status, body] = answers[new URL(String(url)).hostname]!;
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  });
  return new PrometheusClient(Object.keys(answers).map((host) => `http://${host}:9090`));
}
const asked = (status: number, body: unknown) => answering({ one: [status, body] }).query('up');

describe('An answer of Prometheus', () => {
  it.each([
    ['1', 1],
    ['0.25', 0.25],
    ['-1.5e-07', -1.5e-7],
    ['1e+06', 1e6],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['NaN', Number.NaN],
  ])('has the value %s', async (text, value) => {
    expect(await asked(200, vector(sample(text)))).toEqual([{ labels: { job: 'a' }, value }]);
  });

  it.each([
    ['no warnings', { warnings: [] }],
    ['remarks', { infos: ['PromQL info: metric might not be a counter'] }],
  ])('with %s is believed', async (_what, fields) => {
    expect(await asked(200, { ...vector(), ...fields })).toEqual([]);
  });

  it.each<[string, number, unknown, RegExp]>([
    ['with warnings', 200, { ...vector(), warnings: ['No StoreAPIs matched'] }, /incomplete: .*No StoreAPIs/],
    ['with a warning in another form', 200, { ...vector(), warnings: 'partial' }, /incomplete/],
    ['with an error of HTTP and a good body', 503, vector(sample()), /answered 503/],
    ['with an error', 422, { status: 'error', error: 'bad query' }, /answered 422: bad query/],
    ['with an error and a good status', 200, { ...vector(), error: 'timed out' }, /timed out/],
    ['of another status', 200, { ...vector(), status: 'partial' }, /malformed: status/],
    ['that is HTML', 200, '<html>', /malformed/],
    ['that is null', 200, 'null', /malformed/],
    ['that is a scalar', 200, { status: 'success', data: { resultType: 'scalar', result: [0, '1'] } }, /a scalar/],
    ['whose value is a boolean', 200, vector(sample(true)), /malformed/],
    ['whose value is a number', 200, vector(sample(1)), /malformed/],
    ['whose value is no number', 200, vector(sample('one')), /malformed/],
    ['whose value is empty', 200, vector(sample('')), /malformed/],
    ['that is a histogram', 200, vector({ metric: {}, histogram: [SECONDS, {}] }), /malformed/],
    ['whose second sample is wrong', 200, vector(sample(), sample(false)), /malformed/],
    ['that is old', 200, vector(sample('1', SECONDS - 61)), /61 s ago/],
    ['that is of the future', 200, vector(sample('1', SECONDS + 61)), /-61 s ago/],
    ['without a time', 200, vector(sample('1', '')), /malformed/],
  ])('%s proves nothing', async (_what, status, body, message) => {
    await expect(asked(status, body)).rejects.toThrow(message);
  });

  it.each([60, -60])('may differ by the clocks: %d s', async (seconds) => {
    expect(await asked(200, vector(sample('1', SECONDS - seconds)))).toHaveLength(1);
  });

  it('that is incomplete is passed over while another server answers', async () => {
    const client = answering({ one: [200, { ...vector(), warnings: ['partial'] }], two: [200, vector(sample())] });
    expect(await client.query('up')).toHaveLength(1);
    expect(await client.queryAny('up')).toHaveLength(1);
  });

  it('is an error when no server gives a complete one', async () => {
    const client = answering({ one: [200, { ...vector(), warnings: ['partial'] }], two: [503, vector()] });
    await expect(client.query('up')).rejects.toThrow(/no Prometheus answered: .*incomplete.*503/);
    await expect(client.queryAny('up')).rejects.toThrow(/no Prometheus answered: .*incomplete.*503/);
  });
});

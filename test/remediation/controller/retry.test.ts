import { SkipError } from '../../../remediation';
import { retried, untilDone } from '../../../remediation/controller/retry';
import { KubernetesError } from '../../../remediation/kubernetes';
import { idle, pass, standStill } from '../support/clock';

standStill();

const running = () => new AbortController().signal;

describe('Work that fails', () => {
  /** Work that fails with errors, one after the other, and then succeeds. */
  const failing = (...errors: readonly Error[]) => {
    const left = [...errors];
    return jest.fn(async () => {
      const error = left.shift();
      if (error) {
        throw error;
      }
      return 'done';
    });
  };
  const answer = (status: number) => new KubernetesError(status, '', `status ${status}`);

  it.each([0, 409, 429, 500, 503])('with status %d is retried', async (status) => {
    const work = failing(answer(status));
    const done = retried(running(), work);
    await pass(1);
    expect(await done).toBe('done');
    expect(work).toHaveBeenCalledTimes(2);
  });

  it.each<[string, Error]>([
    ['status 400', answer(400)],
    ['status 403', answer(403)],
    ['status 404', answer(404)],
    ['status 422', answer(422)],
    ['a mistake of its own', new TypeError('not a function')],
    ['a reason to skip', new SkipError('unhealthy', 'paused')],
  ])('with %s is not retried', async (_what, error) => {
    const work = failing(error);
    await expect(retried(running(), work)).rejects.toBe(error);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('three times fails with the last error', async () => {
    const work = failing(answer(500), answer(503), answer(409), answer(500));
    const done = retried(running(), work);
    const caught = expect(done).rejects.toThrow('status 409');
    await pass(10);
    await caught;
    expect(work).toHaveBeenCalledTimes(3);
  });

  it.each([
    [0, 100, 200],
    [0.5, 200, 400],
    [0.99, 298, 596],
  ])('is retried with a growing delay and jitter (%d)', async (random, first, second) => {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    const work = failing(answer(409), answer(409));
    const done = retried(running(), work);
    await idle();
    await pass((first - 1) / 1000);
    expect(work).toHaveBeenCalledTimes(1);
    await pass(0.001);
    expect(work).toHaveBeenCalledTimes(2);
    await pass((second - 1) / 1000);
    expect(work).toHaveBeenCalledTimes(2);
    await pass(0.001);
    expect(work).toHaveBeenCalledTimes(3);
    expect(await done).toBe('done');
  });

  it('after an abort is not retried', async () => {
    const end = new AbortController();
    const work = jest.fn(async () => {
      end.abort();
      throw answer(503);
    });
    await expect(retried(end.signal, work)).rejects.toThrow('status 503');
    expect(work).toHaveBeenCalledTimes(1);
  });
});

describe('Work with a time limit', () => {
  it('yields its result, or its error', async () => {
    expect(await untilDone(running(), async () => 'done')).toBe('done');
    await expect(untilDone(running(), () => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
  });

  it('is abandoned when its signal aborts', async () => {
    const end = new AbortController();
    const ended = untilDone(end.signal, () => new Promise(() => {}));
    end.abort(new Error('time is over'));
    await expect(ended).rejects.toThrow('time is over');
  });

  it('leaves no listener at its signal', async () => {
    const { signal } = new AbortController();
    const [added, removed] = [jest.spyOn(signal, 'addEventListener'), jest.spyOn(signal, 'removeEventListener')];
    await untilDone(signal, async () => 'done');
    expect(removed.mock.calls.map(([type, listener]) => [type, listener])).toEqual(
      added.mock.calls.map(([type, listener]) => [type, listener]),
    );
    expect(added).toHaveBeenCalledTimes(1);
  });
});

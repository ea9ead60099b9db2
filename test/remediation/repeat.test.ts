import { KubernetesError } from '../../remediation/kubernetes';
import { repeat } from '../../remediation/repeat';
import { idle, pass, standStill } from './support/clock';

standStill();

describe('Repeated work', () => {
  let logged: string[];
  beforeEach(() => {
    logged = [];
  });
  const start = (work: () => Promise<unknown>) =>
    repeat(1000, (level, message) => void logged.push(`${level} ${message}`), work);

  it('runs at once, and again after each interval', async () => {
    const work = jest.fn(async () => {});
    const stop = start(work);
    expect(work).toHaveBeenCalledTimes(1);
    await pass(0.999);
    expect(work).toHaveBeenCalledTimes(1);
    await pass(0.001);
    expect(work).toHaveBeenCalledTimes(2);
    await pass(3);
    expect(work).toHaveBeenCalledTimes(5);
    stop();
  });

  it('never overlaps', async () => {
    let end = () => {};
    const work = jest.fn(() => new Promise<void>((resolve) => (end = resolve)));
    const stop = start(work);
    await pass(10);
    expect(work).toHaveBeenCalledTimes(1);
    end();
    await idle();
    await pass(1);
    expect(work).toHaveBeenCalledTimes(2);
    stop();
  });

  it('can set its next interval', async () => {
    const work = jest.fn(async () => 100);
    const stop = start(work);
    await idle();
    await pass(0.1);
    expect(work).toHaveBeenCalledTimes(2);
    stop();
  });

  it('is repeated quietly while the API server is busy', async () => {
    const stop = start(() => Promise.reject(new KubernetesError(429, '', 'storage is (re)initializing')));
    await idle();
    expect(logged).toEqual([expect.stringMatching(/^info .*initializing/)]);
    stop();
  });

  it('is repeated even when it fails, and the failure is logged', async () => {
    const work = jest.fn(() => Promise.reject(new Error('it failed')));
    const stop = start(work);
    await idle();
    expect(logged).toEqual([expect.stringMatching(/^warn .*it failed/)]);
    await pass(1);
    expect(work).toHaveBeenCalledTimes(2);
    stop();
  });

  it('ends when it is stopped, even while it runs', async () => {
    let end = () => {};
    const work = jest.fn(() => new Promise<void>((resolve) => (end = resolve)));
    const stop = start(work);
    stop();
    end();
    await idle();
    await pass(10);
    expect(work).toHaveBeenCalledTimes(1);
    const other = jest.fn(async () => {});
    const stopOther = start(other);
    await idle();
    stopOther();
    await pass(10);
    expect(other).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});

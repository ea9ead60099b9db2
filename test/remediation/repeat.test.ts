import { repeat } from '../../remediation/repeat';
import { idle, pass, standStill } from './support/clock';

standStill();

describe('Work that is repeated', () => {
  let logged: string[];
  beforeEach(() => {
    logged = [];
  });
  const start = (work: () => Promise<unknown>) =>
    repeat(1000, (level, message) => void logged.push(`${level} ${message}`), work);

  it('is done at once, and again after each interval', async () => {
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

  it('says when it is to be done next', async () => {
    const work = jest.fn(async () => 100);
    const stop = start(work);
    await idle();
    await pass(0.1);
    expect(work).toHaveBeenCalledTimes(2);
    stop();
  });

  it('is repeated though it fails, which is told', async () => {
    const work = jest.fn(() => Promise.reject(new Error('in vain')));
    const stop = start(work);
    await idle();
    expect(logged).toEqual([expect.stringMatching(/^warn .*in vain/)]);
    await pass(1);
    expect(work).toHaveBeenCalledTimes(2);
    stop();
  });

  it('ends when it is stopped, also while it is done', async () => {
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

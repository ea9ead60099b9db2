import { Slots } from '../../remediation/slots';

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Takes slots, and tells whether that has succeeded so far. */
function taking(slots: Slots, size = 1, signal = never) {
  const state: { taken: boolean; giveBack: () => void; failed?: Error } = { taken: false, giveBack: () => {} };
  slots.take(signal, size).then(
    (giveBack) => Object.assign(state, { taken: true, giveBack }),
    (failed: Error) => Object.assign(state, { failed }),
  );
  return state;
}

test('as many run as there are slots, and the others follow in order', async () => {
  const slots = new Slots(2);
  const tasks = Array.from({ length: 4 }, () => taking(slots));
  await settled();
  expect(tasks.map(({ taken }) => taken)).toEqual([true, true, false, false]);
  expect(slots.queued).toBe(2);
  tasks[1]!.giveBack();
  await settled();
  expect(tasks.map(({ taken }) => taken)).toEqual([true, true, true, false]);
  // Giving back twice frees nothing.
  tasks[1]!.giveBack();
  await settled();
  expect(tasks[3]!.taken).toBe(false);
});

test('a large one waits for all it needs, and no later one overtakes it', async () => {
  const slots = new Slots(4);
  const [small, large, later] = [taking(slots, 1), taking(slots, 4), taking(slots, 1)];
  await settled();
  expect([small.taken, large.taken, later.taken]).toEqual([true, false, false]);
  small.giveBack();
  await settled();
  expect([large.taken, later.taken]).toEqual([true, false]);
  large.giveBack();
  await settled();
  expect(later.taken).toBe(true);
});

test('one that is larger than everything gets everything', async () => {
  const slots = new Slots(3);
  const [huge, next] = [taking(slots, 100), taking(slots)];
  await settled();
  expect([huge.taken, next.taken]).toEqual([true, false]);
  huge.giveBack();
  await settled();
  expect(next.taken).toBe(true);
});

test('one that is aborted leaves the queue, and lets the next ones through', async () => {
  const slots = new Slots(2);
  const client = new AbortController();
  const [first, large, small] = [taking(slots), taking(slots, 2, client.signal), taking(slots)];
  await settled();
  client.abort(new Error('left'));
  await settled();
  expect(large.failed?.message).toBe('left');
  expect([first.taken, small.taken, slots.queued]).toEqual([true, true, 0]);
  // It never held a slot: both are in use now.
  const third = taking(slots);
  await settled();
  expect(third.taken).toBe(false);
});

test('one that was aborted before takes nothing', async () => {
  const slots = new Slots(1);
  const aborted = taking(slots, 1, AbortSignal.abort(new Error('too late')));
  const next = taking(slots);
  await settled();
  expect([aborted.failed?.message, next.taken]).toEqual(['too late', true]);
});

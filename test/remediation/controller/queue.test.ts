import { ACTIONS } from '../../../remediation/actions';
import { Queue } from '../../../remediation/controller/queue';

let queue: Queue;
beforeEach(() => {
  queue = new Queue(ACTIONS);
});

function add(kind: string | undefined, ...names: readonly string[]): void {
  for (const name of names) {
    queue.know(name, kind);
    queue.add(name);
  }
}
/** Starts all that may start. */
function started(): string[] {
  const names: string[] = [];
  for (let name = queue.start(); name !== undefined; name = queue.start()) {
    names.push(name);
  }
  return names;
}
const many = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

test('repairs come before incidents, and incidents before addresses and unknown records', () => {
  add('block-address', 'address');
  add(undefined, 'unknown');
  add('open-incident', 'incident');
  for (const kind of ['restart-workload', 'scale-up', 'reset-connections', 'clear-cache']) {
    add(kind, kind);
  }
  const order = ['restart-workload', 'scale-up', 'reset-connections', 'clear-cache', 'incident'];
  expect(started()).toEqual([...order, 'address', 'unknown']);
  expect(started()).toEqual([]);
});

test('records of one purpose are served in order', () => {
  add('restart-workload', 'b', 'c', 'a');
  expect(started()).toEqual(['b', 'c', 'a']);
});

test('eight steps run at the same time', () => {
  add('restart-workload', ...many('repair', 10));
  expect(started()).toEqual(many('repair', 8));
  expect(queue.runningCount).toBe(8);
  queue.end('repair-3');
  expect(started()).toEqual(['repair-8']);
});

test('two of them are for repairs alone, however many addresses and incidents wait', () => {
  add('block-address', ...many('address', 3000));
  add('open-incident', ...many('incident', 3));
  expect(started()).toEqual([...many('incident', 3), ...many('address', 3)]);
  add('restart-workload', 'repair-0', 'repair-1', 'repair-2');
  expect(started()).toEqual(['repair-0', 'repair-1']);
  queue.end('address-0');
  expect(started()).toEqual(['repair-2']);
  // Five others and three repairs run.
  queue.end('incident-0');
  expect(started()).toEqual(['address-3']);
  queue.end('repair-0');
  expect(started()).toEqual(['address-4']);
  // The two places for repairs stay free.
  queue.end('repair-1');
  queue.end('repair-2');
  expect(started()).toEqual([]);
  expect(queue.runningCount).toBe(6);
});

test('two steps of a record never overlap', () => {
  add('restart-workload', 'record');
  expect(started()).toEqual(['record']);
  queue.add('record');
  expect(started()).toEqual([]);
  expect(queue.has('record')).toBe(true);
  queue.end('record');
  expect(started()).toEqual(['record']);
  expect(queue.has('record')).toBe(false);
});

test('a record that is forgotten counts as unknown', () => {
  add('restart-workload', 'record');
  expect(started()).toEqual(['record']);
  queue.end('record');
  queue.forget('record');
  queue.add('record');
  add('open-incident', 'incident');
  expect(started()).toEqual(['incident', 'record']);
});

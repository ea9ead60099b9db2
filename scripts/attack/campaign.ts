import { setTimeout as sleep } from 'node:timers/promises';
import { KEYS } from '../../remediation/record';
import { waitFor } from '../../testing/server';
import type { Replica } from '../../testing/webhook';
import { type Faults, NO_FAULTS } from './fault-proxy';
import { changeCounts, type Epoch, violations } from './invariants';
import { Moves } from './moves';
import { Random } from './random';
import { APPLICATION, GROUP, makeWorld, OWNERS_MINIMUM, type World } from './world';

export interface CampaignProps {
  readonly seed: number;
  /** How long to attack, without start and end. */
  readonly seconds: number;
  /** @default - nothing is said */
  readonly say?: (text: string) => void;
}

export interface Outcome {
  /** A line for each violated invariant. */
  readonly violations: readonly string[];
  /** How often each move was made. */
  readonly moves: ReadonlyMap<string, number>;
  /** Changes that the webhook made, by policy. */
  readonly changes: ReadonlyMap<string, number>;
}

const FAULTS: readonly Faults[] = [
  NO_FAULTS,
  { rejected: 0.05, cut: 0.05, delayed: 0.05 },
  { rejected: 0.3, cut: 0.2, delayed: 0.2 },
];
const SKEWS = [0, 0, 0, 30, -30, 300, -300] as const;
const EPOCH_SECONDS = 12;
const PAUSE_MS = 150;
/** Slower moves go on beside the next ones. */
const LONGEST_MOVE_MS = 500;
/** More than the longest time that a record can claim for its change, and a sweep. */
const AFTERMATH_SECONDS = 180;
const SWEEP_SECONDS = 20;

/** Attacks a webhook for a while, lets it recover, and checks what it has done. */
export async function runCampaign({ seed, seconds, say = () => {} }: CampaignProps): Promise<Outcome> {
  const random = new Random(seed);
  say(`seed ${seed}: starting etcd and kube-apiserver`);
  const budget = Math.ceil(seconds);
  const world = await makeWorld(new Random(seed + 1), budget);
  const moves = new Moves(world);
  const epochs: Epoch[] = [];
  for (let index = 0, left = seconds; left > 0; index += 1, left -= EPOCH_SECONDS) {
    // The first two are one of each kind, without skew, so that a short campaign has changes to check.
    const mode = index === 1 || (index > 1 && random.chance(0.3)) ? 'dry-run' : 'active';
    const skews = index < 2 ? [0, 0] : [random.pick(SKEWS), random.pick(SKEWS)];
    epochs.push(await attack(world, moves, random, { mode, skews, seconds: Math.min(left, EPOCH_SECONDS), say }));
  }
  await moves.calm();
  say('letting it recover');
  const from = Date.now();
  const left = await recover(world);
  epochs.push({ mode: 'active', from, to: Number.POSITIVE_INFINITY });
  const log = world.kubernetes.audited();
  return {
    violations: [...violations(log, { fired: world.source.fired, epochs, budget }), ...left],
    moves: moves.counts,
    changes: changeCounts(log),
  };
}

interface EpochProps {
  readonly mode: Epoch['mode'];
  /** By how many seconds the clock of each replica is ahead. */
  readonly skews: readonly number[];
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** Replicas in one mode are attacked. One is killed and replaced meanwhile, and all are ended afterwards. */
async function attack(world: World, moves: Moves, random: Random, props: EpochProps): Promise<Epoch> {
  const { mode, skews, seconds, say } = props;
  const from = Date.now();
  const faults = random.pick(FAULTS);
  say(`${mode}, clocks ahead by ${skews.join(' s and ')} s, faults ${JSON.stringify(faults)}`);
  world.proxy.faults = NO_FAULTS;
  const replicas = await Promise.all(skews.map((skew) => start(world, mode, skew)));
  moves.use(replicas);
  world.proxy.faults = faults;
  await keepMoving(moves, random, seconds / 2);
  await replicas[0]!.kill();
  world.proxy.faults = NO_FAULTS;
  replicas[0] = await start(world, mode, skews[0]!);
  world.proxy.faults = faults;
  await keepMoving(moves, random, seconds / 2);
  await Promise.all(replicas.map((replica) => (random.chance(0.5) ? replica.kill() : replica.server.stop())));
  return { mode, from, to: Date.now() };
}

/** A busy machine may need more than the time that a start may take: then it is tried again. */
async function start(world: World, mode: Epoch['mode'], skew: number): Promise<Replica> {
  return world.start(mode, skew).catch(() => world.start(mode, skew));
}

async function keepMoving(moves: Moves, random: Random, seconds: number): Promise<void> {
  for (let count = 0; count < (seconds * 1000) / PAUSE_MS; count += 1) {
    const move = moves.make(random.below(2 ** 31));
    await Promise.all([sleep(PAUSE_MS), Promise.race([move, sleep(LONGEST_MOVE_MS)])]);
  }
}

/**
 * Runs a sound replica until nothing temporary is left.
 *
 * @returns a line for each change that is left
 */
async function recover(world: World): Promise<readonly string[]> {
  world.proxy.faults = NO_FAULTS;
  world.source.doubt = 0;
  const deadline = Date.now() + AFTERMATH_SECONDS * 1000;
  let left: readonly string[] = [];
  while (Date.now() < deadline) {
    // A replica looks for changes without a record when it starts.
    const replica = await start(world, 'active', 0);
    const isClean = await waitFor(
      'every change to be reverted',
      async () => {
        left = await changesLeft(world);
        return left.length === 0;
      },
      { timeoutSeconds: left.some((line) => line.includes(GROUP.name)) ? 4 * SWEEP_SECONDS : SWEEP_SECONDS },
    ).then(
      () => true,
      () => false,
    );
    await replica.kill();
    if (isClean) {
      return [];
    }
  }
  return left;
}

interface Autoscaler {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly minReplicas: number };
}

async function changesLeft({ kubernetes: { send } }: World): Promise<readonly string[]> {
  const path = `/apis/autoscaling/v2/namespaces/${APPLICATION}/horizontalpodautoscalers`;
  const { items } = await send<{ readonly items: readonly Autoscaler[] }>('GET', path);
  const group = await send<{ readonly spec: { readonly externalCIDRs: readonly string[] } }>(
    'GET',
    `${GROUP.path}/${GROUP.name}`,
  );
  return [
    ...items
      .filter(
        ({ metadata, spec }) => spec.minReplicas !== OWNERS_MINIMUM || metadata.annotations?.[KEYS.raisedMinReplicas],
      )
      .map(({ metadata, spec }) => `HPA ${metadata.name} was left at minReplicas ${spec.minReplicas}`),
    ...group.spec.externalCIDRs.map((range) => `${GROUP.name} was left with ${range}`),
  ];
}

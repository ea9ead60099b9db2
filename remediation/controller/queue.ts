import { type Action, PURPOSES, type Purpose } from '../actions';

/** Steps at the same time, and those of them that are for repairs alone: addresses and incidents cannot fill all. */
const STEPS = { together: 8, forRepairs: 2 } as const;

/** Purpose of records whose policy is unknown: they only have to be ended. */
const UNKNOWN = PURPOSES.at(-1)!;

/** The names of the records that wait for a step. Repairs come first, then incidents, then addresses. */
export class Queue {
  private readonly waiting: Readonly<Record<Purpose, Set<string>>> = {
    repair: new Set(),
    incident: new Set(),
    address: new Set(),
  };
  /** Purposes of the records whose step runs. */
  private readonly running = new Map<string, Purpose>();
  private readonly purposes = new Map<string, Purpose>();

  /** @param actions every action that a policy may have */
  constructor(private readonly actions: readonly Pick<Action, 'kind' | 'purpose'>[]) {}

  /** Number of running steps. */
  get runningCount(): number {
    return this.running.size;
  }

  /** Says which kind of action a record is for. @param kind `undefined` when its policy is unknown */
  know(name: string, kind: string | undefined): void {
    const action = this.actions.find((each) => each.kind === kind);
    this.purposes.set(name, action ? (action.purpose ?? 'repair') : UNKNOWN);
  }

  forget(name: string): void {
    this.purposes.delete(name);
  }

  add(name: string): void {
    this.waiting[this.purposeOf(name)].add(name);
  }

  has(name: string): boolean {
    return PURPOSES.some((purpose) => this.waiting[purpose].has(name));
  }

  /** Takes the next record whose step may start. @returns `undefined` when none may */
  start(): string | undefined {
    const others = [...this.running.values()].filter((purpose) => purpose !== 'repair').length;
    for (const purpose of PURPOSES) {
      const isFull = purpose !== 'repair' && others >= STEPS.together - STEPS.forRepairs;
      if (!isFull && this.running.size < STEPS.together) {
        for (const name of this.waiting[purpose]) {
          // Two steps of one record never overlap.
          if (!this.running.has(name)) {
            this.waiting[purpose].delete(name);
            this.running.set(name, purpose);
            return name;
          }
        }
      }
    }
    return undefined;
  }

  end(name: string): void {
    this.running.delete(name);
  }

  private purposeOf(name: string): Purpose {
    return this.purposes.get(name) ?? UNKNOWN;
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chart } from 'cdk8s';
import type { Manifest } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';

/** Fills an empty chart, with what the package exports and nothing else. */
export type Make = (chart: Chart) => unknown;

/** Fails unless the manifests meet the need. */
export type Shows = (manifests: readonly Manifest[]) => void;

/** Synthesis stops with a message. */
export interface Refused {
  readonly by: 'refused';
  readonly make: Make;
  readonly message: string;
}

/** How a need, or a part of it, is met or answered. */
export type Proof =
  | {
      /** A prop or a public method. */
      readonly by: 'prop';
      readonly make: Make;
      readonly shows: Shows;
      /** A chart that does not meet the need: `shows` must fail on it. @default - the platform with its defaults */
      readonly instead?: Make;
    }
  | {
      /** A block of code of `docs/recipes/`. The same page says how it is used. */
      readonly by: 'recipe';
      readonly page: string;
      /** The heading above the block. @default - the title of the page */
      readonly under?: string;
      /** Number of the block below the heading, from 1. @default 1 */
      readonly block?: number;
      readonly shows: Shows;
    }
  | Refused
  | {
      /** A row of the table in `docs/limits.md`, by the text of its first cell. */
      readonly by: 'limit';
      readonly row: string;
    };

/** A row of the table: something that users of kube-prometheus-stack need every day. */
export interface Need {
  readonly need: string;
  /** Each part of the need has its own proof. */
  readonly proofs: readonly Proof[];
  /** Mistakes that one makes beside it, which would be traps if they were not refused. */
  readonly guards?: readonly Refused[];
}

/** The rows of a section. */
export interface Section {
  /** `C1` … `C8`: the sections of the survey that the table comes from. C2 has no rows. */
  readonly id: string;
  readonly title: string;
  readonly needs: readonly Need[];
}

/** How a need is met: from `prop`, the best, to `limit`, the worst. */
export type Verdict = Proof['by'];
const FROM_BEST: readonly Verdict[] = ['prop', 'recipe', 'refused', 'limit'];

/** The verdict of the part that is met worst. */
export function verdictOf({ proofs }: Need): Verdict {
  return FROM_BEST.findLast((verdict) => proofs.some(({ by }) => by === verdict))!;
}

/** Whether every part of a need is met. */
export const isMet = (need: Need) => ['prop', 'recipe'].includes(verdictOf(need));

/** Rows of the table in `docs/limits.md`: the first cell, and the other cells. */
export function limits(): ReadonlyMap<string, string> {
  const page = readFileSync(join(ROOT, 'docs', 'limits.md'), 'utf8');
  return new Map([...page.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(([, need, rest]) => [need!, rest!]));
}

/** Rows without a proof, and proofs that prove nothing. */
export function tableProblems(sections: readonly Section[], documented = limits()): string[] {
  const needs = sections.flatMap((section) => section.needs.map((need) => ({ ...need, id: section.id })));
  const names = needs.map(({ need }) => need);
  return [
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name}: two rows`),
    ...needs.filter(({ proofs }) => proofs.length === 0).map(({ need }) => `${need}: no proof`),
    ...needs.flatMap(({ need, proofs, guards = [] }) =>
      [...proofs, ...guards].flatMap((proof) => {
        if (proof.by === 'limit') {
          // Status, reason and what to do.
          const [status, reason] = documented.get(proof.row)?.split(' | ') ?? [];
          return status && reason ? [] : [`${need}: "${proof.row}" has no row in docs/limits.md`];
        }
        return proof.by === 'refused' && proof.message === '' ? [`${need}: refused without a message`] : [];
      }),
    ),
  ];
}

import type { Rule } from '../rule';
import { boundaryProblem } from './boundaries';
import { percentageProblem } from './percentages';
import { trafficProblem } from './traffic';
import { valueLabelProblem } from './value-labels';

/** Mistakes that Prometheus accepts, but that make a rule report a wrong value or never fire. */
export const lints: readonly ((rule: Rule) => string | undefined)[] = [
  percentageProblem,
  valueLabelProblem,
  boundaryProblem,
  trafficProblem,
];

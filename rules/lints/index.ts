import type { Rule } from '../rule';
import { boundaryProblem } from './boundaries';
import { percentageProblem } from './percentages';
import { trafficProblem } from './traffic';
import { valueLabelProblem } from './value-labels';

/** Mistakes that Prometheus accepts and that make a rule say something wrong, or nothing. */
export const lints: readonly ((rule: Rule) => string | undefined)[] = [
  percentageProblem,
  valueLabelProblem,
  boundaryProblem,
  trafficProblem,
];

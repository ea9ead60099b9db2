import { App, Chart } from 'cdk8s';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager, layOutPrometheus } from '../../testing/files';
import type { Manifest } from '../../testing/manifests';
import { findAll, manifestsOf, testChart } from '../../testing/render';
import { complete, manifestsOfProgram, recipesIn } from '../support/recipes';
import { writeSecrets } from '../support/server-config';
import { complaints, describeWithTools, runTool } from '../support/tools';
import { access } from './access';
import { alerting } from './alerting';
import { metrics } from './metrics';
import { isMet, type Make, type Need, type Proof, type Section, tableProblems, verdictOf } from './need';
import { platform } from './platform';
import { pods } from './pods';
import { rules } from './rules';
import { security } from './security';

/** Sections of the survey, with the number of rows that each has there. */
const SECTIONS: readonly (readonly [Section, number])[] = [
  [pods, 16],
  [security, 16],
  [access, 9],
  [metrics, 15],
  [alerting, 11],
  [rules, 10],
];

const sections = SECTIONS.map(([section]) => section);
const needs = sections.flatMap((section) => section.needs);

function made(make: Make): Manifest[] {
  const chart = testChart();
  make(chart);
  return manifestsOf(chart);
}

/** The objects that a program of a recipe, or the chart of a prop, writes. */
function written(proof: Extract<Proof, { readonly by: 'prop' | 'recipe' }>): readonly Manifest[] {
  if (proof.by === 'prop') {
    return made(proof.make);
  }
  const { page, block = 1 } = proof;
  const recipe = recipesIn(page)[block - 1];
  if (!recipe) {
    throw new Error(`docs/recipes/${page} has no block ${block}`);
  }
  return manifestsOfProgram(complete(recipe));
}

let defaults: readonly Manifest[] | undefined;

/** A platform that nobody adjusted, and a recipe's program without the recipe. */
function without(proof: Extract<Proof, { readonly by: 'prop' | 'recipe' }>): readonly Manifest[] {
  if (proof.by === 'recipe') {
    return manifestsOfProgram(complete({ code: '' }));
  }
  if (proof.instead) {
    return made(proof.instead);
  }
  defaults ??= made(platform);
  return defaults;
}

describe.each(sections)('$id, $title:', ({ needs: rows }) => {
  const proofs = rows.flatMap((row) =>
    row.proofs.map((proof) => ({ title: `${row.need} (${verdictOf(row)}): ${titleOf(proof)}`, proof })),
  );

  test.each(proofs)('$title', ({ proof }) => {
    switch (proof.by) {
      case 'prop':
      case 'recipe':
        proof.shows(written(proof));
        expect(() => proof.shows(without(proof))).toThrow();
        break;
      case 'refused':
        expect(() => made(proof.make)).toThrow(proof.message);
        break;
      case 'limit':
        expect(tableProblems([{ id: '', title: '', needs: [{ need: 'this row', proofs: [proof] }] }])).toEqual([]);
    }
  });
});

function titleOf(proof: Proof): string {
  switch (proof.by) {
    case 'prop':
      return 'by prop';
    case 'recipe':
      return `docs/recipes/${proof.page}, block ${proof.block ?? 1}`;
    case 'refused':
      return `refused: ${proof.message}`;
    case 'limit':
      return `docs/limits.md: ${proof.row}`;
  }
}

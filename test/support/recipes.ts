import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdk8s';
import { load, loadAll } from 'js-yaml';
import ts from 'typescript5';
import type { Manifest } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';

/** Directory of the recipes. */
export const RECIPES = join(ROOT, 'docs', 'recipes');

/** A block of TypeScript, and the objects that the page says it writes. */
export interface Recipe {
  readonly title: string;
  /** The heading above it. */
  readonly heading: string;
  readonly code: string;
  readonly output: readonly Manifest[];
}

/** The blocks of a page. An output belongs to the block before it. */
export function recipesIn(page: string): Recipe[] {
  const text = readFileSync(join(RECIPES, page), 'utf8');
  const recipes: { title: string; heading: string; code: string; output: Manifest[] }[] = [];
  let heading = '';
  for (const [, title, language, code = ''] of text.matchAll(/^#+ ([^\n]+)$|^```(\w[\w ]*)\n(.*?)^```$/gms)) {
    if (title !== undefined) {
      heading = title;
    } else if (language === 'ts') {
      recipes.push({ title: `${page}, block ${recipes.length + 1}`, heading, code, output: [] });
    } else if (language === 'yaml output') {
      recipes.at(-1)!.output.push(load(code) as Manifest);
    }
  }
  return recipes;
}

/** The program that every recipe continues. */
const [program] = recipesIn('README.md') as [Recipe];

/** Every recipe of every page. */
export function allRecipes(): Recipe[] {
  return readdirSync(RECIPES)
    .filter((page) => page.endsWith('.md') && page !== 'README.md')
    .flatMap(recipesIn);
}

/** The recipe behind the program that it continues. */
export const complete = ({ code }: Pick<Recipe, 'code'>) => `${program.code}\n${code}\nexport { app };\n`;

/** What a program that is compiled to CommonJS may require. */
const MODULES: { readonly [name: string]: () => unknown } = {
  cdk8s: () => require('cdk8s'),
  'cdk8s-plus-28': () => require('cdk8s-plus-28'),
  'node:path': () => require('node:path'),
  'sightedit-monitoring': () => require('../../index'),
};

/** `require`, as in a project that has the package installed. */
const requireInstalled = Object.assign((name: string) => MODULES[name]!(), {
  resolve: (path: string) => join(ROOT, path.replace('sightedit-monitoring/', '')),
});

/** Runs a program and returns the objects of its App. */
export function manifestsOfProgram(code: string): readonly Manifest[] {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const exported: { app?: App } = {};
  const quiet = { log: () => undefined };
  new Function('require', 'exports', 'console', outputText)(requireInstalled, exported, quiet);
  return loadAll(exported.app!.synthYaml()) as Manifest[];
}

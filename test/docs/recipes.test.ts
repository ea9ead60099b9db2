import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdk8s';
import { load, loadAll } from 'js-yaml';
import ts from 'typescript5';
import { temporaryDirectory } from '../../testing/cleanup';
import type { Manifest } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';

const RECIPES = join(ROOT, 'docs', 'recipes');

/** A block of TypeScript, and the objects that the page says it writes. */
interface Recipe {
  readonly title: string;
  readonly code: string;
  readonly output: readonly Manifest[];
}

/** The blocks of a page. An output belongs to the block before it. */
function recipesIn(page: string): Recipe[] {
  const text = readFileSync(join(RECIPES, page), 'utf8');
  const recipes: { title: string; code: string; output: Manifest[] }[] = [];
  for (const [, language, code = ''] of text.matchAll(/^```(ts|yaml output)\n(.*?)^```$/gms)) {
    if (language === 'ts') {
      recipes.push({ title: `${page}, block ${recipes.length + 1}`, code, output: [] });
    } else {
      recipes.at(-1)!.output.push(load(code) as Manifest);
    }
  }
  return recipes;
}

const [program] = recipesIn('README.md') as [Recipe];
const recipes = readdirSync(RECIPES)
  .filter((page) => page.endsWith('.md') && page !== 'README.md')
  .flatMap(recipesIn);

/** The recipe behind the program that it continues. */
const complete = ({ code }: Recipe) => `${program.code}\n${code}\nexport { app };\n`;

/** What a program that is compiled to CommonJS may require. */
const MODULES: { readonly [name: string]: () => unknown } = {
  cdk8s: () => require('cdk8s'),
  'cdk8s-plus-28': () => require('cdk8s-plus-28'),
  'sightedit-monitoring': () => require('../../index'),
};

/** Runs a program and returns the objects of its App. */
function manifestsOf(code: string): readonly Manifest[] {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const exported: { app?: App } = {};
  const quiet = { log: () => undefined };
  new Function('require', 'exports', 'console', outputText)((name: string) => MODULES[name]!(), exported, quiet);
  return loadAll(exported.app!.synthYaml()) as Manifest[];
}

describe('The recipes', () => {
  test('compile', () => {
    const directory = temporaryDirectory();
    for (const [index, recipe] of recipes.entries()) {
      writeFileSync(join(directory, `recipe-${index}.ts`), `// ${recipe.title}\n${complete(recipe)}`);
    }
    writeFileSync(
      join(directory, 'tsconfig.json'),
      JSON.stringify({
        extends: join(ROOT, 'tsconfig.json'),
        compilerOptions: {
          module: 'esnext',
          moduleResolution: 'bundler',
          noUnusedLocals: false,
          isolatedModules: false,
          typeRoots: [join(ROOT, 'node_modules', '@types')],
          types: ['node'],
          paths: {
            'sightedit-monitoring': [join(ROOT, 'index.ts')],
            '*': [join(ROOT, 'node_modules', '@types', '*'), join(ROOT, 'node_modules', '*')],
          },
        },
        include: ['*.ts'],
      }),
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const compile = () => execFileSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8', stdio: 'pipe' });
    try {
      compile();
    } catch (error) {
      throw new Error((error as { readonly stdout: string }).stdout);
    }
    expect(recipes.length).toBeGreaterThan(15);
  }, 60_000);

  test.each(recipes)('$title synthesizes, and writes what the page shows', ({ code, output, title }) => {
    const manifests = manifestsOf(complete({ code, output, title }));
    expect(manifests.length).toBeGreaterThan(10);
    for (const object of output) {
      const alike = manifests.filter(
        ({ kind, metadata }) => kind === object.kind && metadata.name === (object.metadata.name ?? metadata.name),
      );
      expect(alike).toContainEqual(partial(object));
    }
  });

  test('have every page in their README', () => {
    const index = readFileSync(join(RECIPES, 'README.md'), 'utf8');
    const pages = readdirSync(RECIPES).filter((page) => page !== 'README.md');
    expect(pages.filter((page) => !index.includes(`(${page})`))).toEqual([]);
  });
});

/** Matches an object that has at least these fields, at every depth. */
function partial(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(partial);
  }
  return typeof value === 'object' && value !== null
    ? expect.objectContaining(Object.fromEntries(Object.entries(value).map(([key, child]) => [key, partial(child)])))
    : value;
}

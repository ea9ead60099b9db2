import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../testing/cleanup';
import { ROOT } from '../../tools/catalogue';
import { allRecipes, complete, manifestsOfProgram, RECIPES } from '../support/recipes';

const recipes = allRecipes();

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

  test.each(recipes)('$title synthesizes, and writes what the page shows', ({ code, output }) => {
    const manifests = manifestsOfProgram(complete({ code }));
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

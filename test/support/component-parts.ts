/** The files of the repository, or a description of some. */
export interface Tree {
  readonly paths: readonly string[];
  /** Content of a file. Empty for one that does not exist. */
  readonly read: (path: string) => string;
}

/** A component construct, by the name of its folder in `constructs/`, e.g. `redis-exporter`. */
export interface ComponentConstruct {
  readonly folder: string;
  /** Name of the class, e.g. `RedisExporter`. */
  readonly name: string;
}

/** Where the construct is used by a program that is not its own test. */
const CONSUMER = 'test/package/consumer/main.ts';

/** The construct of each folder. The kit has no product. */
export function componentConstructs({ paths }: Tree): readonly ComponentConstruct[] {
  const folders = paths.flatMap((path) => /^constructs\/([^/]+)\/[^/]+\.ts$/.exec(path)?.[1] ?? []);
  return [...new Set(folders)].filter((folder) => folder !== 'kit').map((folder) => ({ folder, name: pascal(folder) }));
}

/**
 * What of a component construct is missing: the file and what to write there. `docs/architecture.md`, "Add a component",
 * lists the same files.
 */
export function missingParts(tree: Tree, { folder, name }: ComponentConstruct): readonly string[] {
  const source = `constructs/${folder}/${folder}.ts`;
  const sources = tree.paths.filter((path) => path.startsWith(`constructs/${folder}/`) && path.endsWith('.ts'));
  const contains = (path: string, pattern: RegExp) => pattern.test(tree.read(path));
  const used = sources.flatMap((path) => [...tree.read(path).matchAll(/\bimages\.(\w+)/g)].map(([, image]) => image!));
  const literal = sources.find((path) => contains(path, /\brepository: '/));
  const tests = tree.paths.filter((path) => path.startsWith('test/constructs/') && path.endsWith(`/${folder}.test.ts`));
  const isUsed =
    exampleOf(tree.read(source), name) !== undefined || contains(CONSUMER, new RegExp(`\\bnew ${name}\\(`));
  const parts: readonly (readonly [boolean, string])[] = [
    [contains(source, new RegExp(`^export class ${name} `, 'm')), `${source}: export the class ${name}`],
    [
      isUsed,
      `${source}: give the class ${name} an @example, which a project that installs the package compiles and synthesizes`,
    ],
    [
      contains(`constructs/${folder}/index.ts`, new RegExp(`\\b${name}\\b`)),
      `constructs/${folder}/index.ts: export ${name} and its props`,
    ],
    [
      contains('constructs/index.ts', new RegExp(`^export \\* from './${folder}';$`, 'm')),
      `constructs/index.ts: write export * from './${folder}';`,
    ],
    [literal === undefined, `${literal}: take the image from constructs/kit/images.ts, which lists every version`],
    ...used.map(
      (image) =>
        [
          contains('constructs/kit/images.ts', new RegExp(`^  ${image}: \\{`, 'm')),
          `constructs/kit/images.ts: add the image ${image}`,
        ] as const,
    ),
    [tests.length > 0, `test/constructs/${folder}.test.ts: test the construct with testProps()`],
    [
      tests.length === 0 || tests.some((path) => tree.read(path).includes(`new ${name}(`)),
      `${tests[0]}: make a ${name}`,
    ],
    [
      contains('README.md', new RegExp(`^\\|[^|]*\`${name}\`[^|]*\\|`, 'm')),
      `README.md: add a row for ${name} to the table of constructs`,
    ],
    [contains('CHANGELOG.md', new RegExp(`\`${name}\``)), `CHANGELOG.md: name ${name}`],
    [
      contains(`docs/api/constructs-${folder}.md`, new RegExp(`^## ${name}$`, 'm')),
      `docs/api/constructs-${folder}.md: run "npm run api"`,
    ],
  ];
  return parts.flatMap(([isThere, problem]) => (isThere ? [] : [problem]));
}

function pascal(folder: string): string {
  return folder.replace(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** The code of a construct's `@example`, in the docstring of its class. */
export function exampleOf(source: string, name: string): string | undefined {
  const [, docstring] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\nexport class ${name} `).exec(source) ?? [];
  const [, block] = /\n \* @example\n((?: \*(?! @).*\n)+)/.exec(docstring ?? '') ?? [];
  return block?.replaceAll(/^ \* ?/gm, '');
}

import { images } from '../../constructs';
import { componentConstructs, missingParts, type Tree } from '../support/component-parts';
import { REPOSITORY } from '../support/repository';

const EXPORTER = 'constructs/memcached-exporter/memcached-exporter.ts';

/** A complete component construct, by its files. */
const COMPLETE: { readonly [path: string]: string } = {
  [EXPORTER]: `/**
 * Metrics of memcached.
 *
 * @example
 * new MemcachedExporter(chart, 'memcached-exporter', {});
 */
export class MemcachedExporter extends PatchableConstruct {
  image = images.memcachedExporter;
}
`,
  'constructs/memcached-exporter/index.ts': "export { MemcachedExporter } from './memcached-exporter';\n",
  'constructs/index.ts': "export * from './memcached-exporter';\n",
  'constructs/kit/images.ts':
    "  memcachedExporter: { repository: 'quay.io/prometheus/memcached-exporter', tag: 'v1' },\n",
  'test/constructs/memcached-exporter.test.ts':
    "testProps({ make: (scope, props) => new MemcachedExporter(scope, 'a', props) });\n",
  'README.md': '| `MemcachedExporter` | metrics of memcached |\n',
  'CHANGELOG.md': '- `MemcachedExporter`\n',
  'docs/api/constructs-memcached-exporter.md': '## MemcachedExporter\n',
};

const treeOf = (files: { readonly [path: string]: string }): Tree => ({
  paths: Object.keys(files),
  read: (path) => files[path] ?? '',
});
const problemsOf = (changes: { readonly [path: string]: string | undefined }) => {
  const files = Object.entries({ ...COMPLETE, ...changes }).filter(([, text]) => text !== undefined);
  const [construct] = componentConstructs(treeOf({ [EXPORTER]: '' }));
  return missingParts(treeOf(Object.fromEntries(files) as { [path: string]: string }), construct!);
};

test.each(componentConstructs(REPOSITORY).map((construct) => [construct.name, construct] as const))(
  '%s has every part',
  (_name, construct) => {
    expect(missingParts(REPOSITORY, construct)).toEqual([]);
  },
);

test('the components of the repository are known by their folders', () => {
  expect(componentConstructs(REPOSITORY)).toContainEqual({ folder: 'redis-exporter', name: 'RedisExporter' });
  expect(componentConstructs(REPOSITORY).length).toBeGreaterThanOrEqual(11);
});

test('every image is that of a construct', () => {
  const sources = REPOSITORY.paths.filter((path) => /^constructs\/.*\.ts$/.test(path)).map(REPOSITORY.read);
  const used = new Set(sources.flatMap((text) => [...text.matchAll(/\bimages\.(\w+)/g)].map(([, image]) => image)));
  expect(Object.keys(images).filter((image) => !used.has(image))).toEqual([]);
});

describe('a component construct', () => {
  test('with every part has no problem, and touches at most eight files', () => {
    expect(problemsOf({})).toEqual([]);
    expect(Object.keys(COMPLETE).length).toBeLessThanOrEqual(8);
  });

  test('may be used by the consumer in place of an example', () => {
    const withoutExample = { [EXPORTER]: COMPLETE[EXPORTER]!.replace(/ \* @example\n.*\n/, '') };
    expect(problemsOf({ ...withoutExample, 'test/package/consumer/main.ts': 'new MemcachedExporter(chart);' })).toEqual(
      [],
    );
  });

  test.each<[string, { readonly [path: string]: string | undefined }, readonly string[]]>([
    [
      'the class',
      { [EXPORTER]: COMPLETE[EXPORTER]!.replace('class MemcachedExporter', 'class Exporter') },
      [
        `${EXPORTER}: export the class MemcachedExporter`,
        `${EXPORTER}: give the class MemcachedExporter an @example, which a project that installs the package compiles and synthesizes`,
      ],
    ],
    [
      'the example',
      { [EXPORTER]: COMPLETE[EXPORTER]!.replace(/ \* @example\n.*\n/, '') },
      [
        `${EXPORTER}: give the class MemcachedExporter an @example, which a project that installs the package compiles and synthesizes`,
      ],
    ],
    [
      'its public face',
      { 'constructs/memcached-exporter/index.ts': undefined },
      ['constructs/memcached-exporter/index.ts: export MemcachedExporter and its props'],
    ],
    [
      'its export',
      { 'constructs/index.ts': "export * from './redis-exporter';\n" },
      ["constructs/index.ts: write export * from './memcached-exporter';"],
    ],
    [
      'its image',
      {
        'constructs/kit/images.ts':
          "  redisExporter: { repository: 'docker.io/oliver006/redis_exporter', tag: 'v1' },\n",
      },
      ['constructs/kit/images.ts: add the image memcachedExporter'],
    ],
    [
      'the list of images, because the image stands in the construct',
      { [EXPORTER]: `${COMPLETE[EXPORTER]}const image = { repository: 'quay.io/a/b', tag: 'v1' };\n` },
      [`${EXPORTER}: take the image from constructs/kit/images.ts, which lists every version`],
    ],
    [
      'its test',
      { 'test/constructs/memcached-exporter.test.ts': undefined },
      ['test/constructs/memcached-exporter.test.ts: test the construct with testProps()'],
    ],
    [
      'an object in its test',
      { 'test/constructs/memcached-exporter.test.ts': 'test.todo;' },
      ['test/constructs/memcached-exporter.test.ts: make a MemcachedExporter'],
    ],
    [
      'its row in the README',
      { 'README.md': '`MemcachedExporter` is new.\n' },
      ['README.md: add a row for MemcachedExporter to the table of constructs'],
    ],
    ['its line in the CHANGELOG', { 'CHANGELOG.md': '' }, ['CHANGELOG.md: name MemcachedExporter']],
    [
      'its page of the API reference',
      { 'docs/api/constructs-memcached-exporter.md': undefined },
      ['docs/api/constructs-memcached-exporter.md: run "npm run api"'],
    ],
  ])('that lacks %s is told so', (_part, changes, problems) => {
    expect(problemsOf(changes)).toEqual(problems);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resolveSettings, sightEdit } from '../../charts';
import { RuleCatalogue } from '../../rules';
import { podTemplates, readManifests } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const markdownIn = (directory: string) =>
  readdirSync(join(ROOT, directory))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(directory, file));

const pages = [
  'README.md',
  ...markdownIn('docs'),
  ...markdownIn('docs/api'),
  ...markdownIn('docs/recipes'),
  ...markdownIn('runbooks'),
  'rules/README.md',
  'rules/slos/README.md',
  'metrics/README.md',
];

/** Anchors that GitHub makes of the headings of a page. */
function anchorsOf(markdown: string): string[] {
  const headings = withoutBlocks(markdown).match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^ *```.*?^ *```/gms, '');
}

/** Markdown without fenced and inline code, which holds no links. */
function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replace(/`[^`\n]*`/g, '');
}

/** Links of a page that lead nowhere in the repository. */
function brokenLinks(page: string, markdown = read(page)): string[] {
  const links = [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, target))) {
        return true;
      }
      return anchor !== undefined && !anchorsOf(target === page ? markdown : read(target)).includes(anchor);
    });
}

/** Names of settings, as the documentation writes them: `metrics.keep`. */
function settingNames(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, child]) => {
    const name = `${prefix}${key}`;
    const isGroup = prefix === '' && typeof child === 'object' && child !== null;
    return isGroup ? settingNames(child, `${name}.`) : [name];
  });
}

describe('The documentation', () => {
  test.each(pages)('%s has no broken link', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test('is checked for links to files, to headings, and to none in code', () => {
    const page = '# A title, `with` code\n[a](#a-title-with-code) [b](docs/none.md) [c](#none) `[d](e)`';
    expect(brokenLinks('README.md', page)).toEqual(['docs/none.md', '#none']);
  });

  test('has every page of docs/ in the README', () => {
    const readme = read('README.md');
    expect(markdownIn('docs').filter((page) => !readme.includes(`(${page})`))).toEqual([]);
  });

  test('has every setting in docs/configuration.md', () => {
    const text = read('docs/configuration.md');
    const names = settingNames(resolveSettings(sightEdit, 'production'));
    expect(names).toContain('metrics.intervalSeconds');
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});

test('Commands in the documentation exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };
  const named = pages.flatMap((page) => [...read(page).matchAll(/npm run ([a-z0-9:-]+)/g)].map(([, name]) => name!));
  expect(named.length).toBeGreaterThan(20);
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
});

test('The directory layout in docs/architecture.md is that of the tree', () => {
  const [, layout = ''] = /## Directory layout\n\n```\n(.*?)```/s.exec(read('docs/architecture.md')) ?? [];
  const directories = [...layout.matchAll(/^([a-z]+)\/ /gm)].map(([, name]) => name!);
  const ignored = ['docs', 'lib', 'node_modules', 'coverage'];
  const tree = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !ignored.includes(entry.name))
    .map(({ name }) => name);
  expect(directories.sort()).toEqual(tree.sort());
});

describe('The README', () => {
  test('counts the alerts', () => {
    expect(read('README.md')).toContain(`**${RuleCatalogue.sightEdit().alerts.length} alerts**`);
  });

  test('names every file of rules', () => {
    const readme = read('README.md');
    const topics = readdirSync(join(ROOT, 'rules')).filter((file) => file.endsWith('.yaml'));
    expect(topics.filter((file) => !readme.includes(`\`rules/${file}\``))).toEqual([]);
  });
});

describe('The picture of the architecture', () => {
  const picture = read('docs/architecture.svg');

  test('shows every workload and every namespace of dist/', () => {
    const manifests = readManifests();
    const names = [
      ...podTemplates(manifests).map(({ workload }) => workload.metadata.name as string),
      ...manifests.flatMap(({ metadata }) => (metadata.namespace ? [metadata.namespace as string] : [])),
    ];
    const shown = [...picture.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text!);
    const ofTheCluster = ['default', 'kube-system'];
    expect([...new Set(names)].filter((name) => ![...shown, ...ofTheCluster].includes(name))).toEqual([]);
  });

  test('has colours for the dark', () => {
    const [light = '', dark = ''] = picture.split('@media (prefers-color-scheme: dark)');
    const classesOf = (css: string) => new Set([...css.matchAll(/\.([a-z-]+)[ ,{]/g)].map(([, name]) => name!));
    const coloured = [...classesOf(/<style>(.*)/s.exec(light)?.[1] ?? '')].filter((name) => name !== 'zone-name');
    const inTheDark = classesOf(dark.split('</style>')[0] ?? '');
    expect(coloured.length).toBeGreaterThan(5);
    expect(coloured.filter((name) => !inTheDark.has(name))).toEqual([]);
  });
});

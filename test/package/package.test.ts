import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import * as entry from '../../index';
import { metricLists } from '../../metrics';
import { RuleCatalogue } from '../../rules';
import { NOTICES_FILE, noticesOf } from '../../scripts/notices';
import { describeManifest, readManifests } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';
import { exampleProgram, examplesIn } from '../support/construct-examples';
import { REPOSITORY } from '../support/repository';

const EXAMPLE = join(ROOT, 'examples', 'payments');
const CONSUMER = join(__dirname, 'consumer', 'main.ts');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** A program of the examples in the docstrings of the constructs. */
const EXAMPLES = exampleProgram(examplesIn(REPOSITORY), Object.keys(entry));

/** The compilers of the two projects. */
const TYPESCRIPT_5 = join(ROOT, 'node_modules', 'typescript5', 'bin', 'tsc');
const TYPESCRIPT_7 = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** `tsconfig.json` of `cdk8s init typescript-app`. */
const TEMPLATE = join(ROOT, 'node_modules', 'cdk8s-cli', 'templates', 'typescript-app', 'tsconfig.json');

/** Types that the template installs, and that its compiler reads without being asked. */
const TEMPLATE_TYPES = ['@types/node@^14', '@types/jest@^29'];

/** Packages that the tarball asks its consumer for: those of the constructs, at the versions of the tests. */
const { peerDependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** The installed package, its files, and projects beside it. */
const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
const installed = join(directory, 'node_modules', 'sightedit-monitoring');
let packed: readonly string[] = [];

const run = (command: string, args: readonly string[], cwd = directory) => {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    // The compiler prints its errors to stdout.
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  }
};

/** A project beside the package, which resolves it through the directories above. */
const projectWith = (name: string, files: { readonly [file: string]: string | object }): string => {
  const project = join(directory, name);
  mkdirSync(project, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(project, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return project;
};

beforeAll(() => {
  const [archive] = JSON.parse(run('npm', ['pack', '--json', '--silent', `--pack-destination=${directory}`], ROOT));
  packed = archive.files.map(({ path }: { readonly path: string }) => path);
  const peers = Object.keys(peerDependencies)
    .filter((name) => /^(?:cdk8s|constructs)/.test(name))
    .map((name) => `${name}@${devDependencies[name]}`);
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  run('npm', [
    ...['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'],
    ...[`./${archive.filename}`, ...peers, ...TEMPLATE_TYPES],
  ]);
}, 180_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('A program that uses every construct', () => {
  const program = readFileSync(CONSUMER, 'utf8');
  const examples = ['Deployment redis-exporter/redis-exporter', 'DaemonSet node-exporter/node-exporter'];
  const objects = ['StatefulSet orders-monitoring/prometheus', 'Deployment orders-monitoring/remediation-webhook'];

  it('names each construct of the README, and each kind of remediation policy', () => {
    const [, table = ''] = /\| construct \| deploys \|\n(.*?)\n\n/s.exec(README) ?? [];
    const constructs = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    );
    expect(constructs.length).toBeGreaterThan(10);
    const code = `${program}\n${EXAMPLES}`;
    expect(constructs.filter((name) => !new RegExp(`\\b(new ${name}\\(|${name}\\.\\w+\\()`).test(code))).toEqual([]);
    const actions = ['restartWorkload', 'scaleUp', 'resetConnections', 'clearCache', 'blockAddress', 'openIncident'];
    expect(actions.filter((action) => !program.includes(`${action}({`))).toEqual([]);
  });

  it('compiles and synthesizes in a project of "cdk8s init typescript-app": TypeScript 5, CommonJS, skipLibCheck off', () => {
    const template = JSON.parse(readFileSync(TEMPLATE, 'utf8'));
    expect(template.compilerOptions).toMatchObject({ module: 'CommonJS', strict: true });
    expect(template.compilerOptions.skipLibCheck).toBeUndefined();
    const project = projectWith('template', { 'tsconfig.json': template });
    copyFileSync(CONSUMER, join(project, 'main.ts'));
    writeFileSync(join(project, 'examples.ts'), EXAMPLES);
    run(process.execPath, [TYPESCRIPT_5, '--project', project], project);
    run(process.execPath, ['main.js'], project);
    expect(readManifests(join(project, 'dist')).map(describeManifest)).toEqual(expect.arrayContaining(objects));
    run(process.execPath, ['examples.js'], project);
    expect(readManifests(join(project, 'dist')).map(describeManifest)).toEqual(expect.arrayContaining(examples));
  });

  it('compiles and synthesizes in a project with nodenext, ES modules and TypeScript 7', () => {
    const project = projectWith('nodenext', {
      'package.json': { type: 'module', private: true },
      'tsconfig.json': {
        compilerOptions: {
          module: 'nodenext',
          target: 'es2022',
          strict: true,
          skipLibCheck: false,
          verbatimModuleSyntax: true,
          noUncheckedIndexedAccess: true,
          types: [],
        },
      },
    });
    copyFileSync(CONSUMER, join(project, 'main.ts'));
    writeFileSync(join(project, 'examples.ts'), EXAMPLES);
    run(process.execPath, [TYPESCRIPT_7, '--project', project], project);
    run(process.execPath, ['examples.js'], project);
    run(process.execPath, ['main.js'], project);
    expect(readManifests(join(project, 'dist')).map(describeManifest)).toEqual(expect.arrayContaining(objects));
  });

  it('is refused by the compiler when a policy or a setting is wrong: the types are not "any"', () => {
    const project = projectWith('mistakes', {
      'tsconfig.json': {
        compilerOptions: { module: 'node16', strict: true, skipLibCheck: false, noEmit: true, types: [] },
      },
      'main.ts': `import { type RemediationWebhookProps, scaleUp, timeSeries } from 'sightedit-monitoring';
scaleUp({ namespace: 'a', deployments: ['b'], maxReplicas: '6', verification: { query: 'up' } });
export const props: Partial<RemediationWebhookProps> = { mode: 'bogus', limits: { nonsense: 1 } };
timeSeries({ title: 't', description: 'd', unit: 7, queries: [] });`,
    });
    expect(() => run(process.execPath, [TYPESCRIPT_7, '--project', project], project)).toThrow(
      /main\.ts\(2,.*main\.ts\(3,.*main\.ts\(3,.*main\.ts\(4,/s,
    );
  });
});

describe('The example, installed in a project', () => {
  it('has the types that it uses, and synthesizes its chart', () => {
    const compilerOptions = { module: 'node20', target: 'es2022', strict: true, types: [], outDir: 'out' };
    const project = projectWith('payments', { 'tsconfig.json': { compilerOptions, include: ['main.ts'] } });
    cpSync(EXAMPLE, project, { recursive: true });
    run(process.execPath, [TYPESCRIPT_7], project);
    run(process.execPath, ['out/main.js'], project);
    const names = readManifests(join(project, 'dist')).map(describeManifest);
    expect(names).toContain('StatefulSet payments-monitoring/prometheus');
    expect(names).toContain('StatefulSet payments-monitoring/alertmanager');
    expect(names).toContain('ConfigMap payments-monitoring/prometheus-rules-payments');
    expect(names.filter((name) => name.startsWith('NetworkPolicy payments/'))).toEqual([]);
  });
});

describe('The package', () => {
  it("brings SightEdit's own rules, runbooks and templates", () => {
    const program =
      "const { RuleCatalogue, addSightEditMonitoring, resolveSettings, sightEdit } = require('sightedit-monitoring');" +
      "addSightEditMonitoring(new (require('cdk8s').App)(), 'x', resolveSettings(sightEdit, 'dev'));" +
      'const { alerts, inhibitions } = RuleCatalogue.sightEdit(); console.log(JSON.stringify([alerts.length, inhibitions.length]))';
    const { alerts, inhibitions } = RuleCatalogue.sightEdit();
    expect(JSON.parse(run(process.execPath, ['--eval', program]))).toEqual([alerts.length, inhibitions.length]);
  });

  it('brings the lists of metrics, which the keep-lists are made from', () => {
    const program =
      "const { metricLists } = require('sightedit-monitoring'); console.log(JSON.stringify(metricLists()))";
    expect(JSON.parse(run(process.execPath, ['--eval', program]))).toEqual(metricLists());
  });

  it('has one copy of each peer', () => {
    const tree = JSON.parse(run('npm', ['ls', 'constructs', 'cdk8s', '--json', '--all']));
    expect(tree.problems ?? []).toEqual([]);
  });

  it('brings documentation, an example, the changelog and the licences', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        ...['README.md', 'LICENSE', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES.txt', '.env.example'],
        ...['docs/installation.md', 'docs/api/README.md', 'rules/README.md', 'metrics/README.md'],
        'examples/payments/main.ts',
      ]),
    );
    expect(packed.filter((file) => /(^|\/)(test|scripts|tools|dist)\//.test(file))).toEqual([]);
  });

  it('has the sources that its declaration maps lead to', () => {
    const maps = packed.filter((file) => file.endsWith('.d.ts.map'));
    expect(maps.length).toBeGreaterThan(50);
    const missing = maps.flatMap((file) => {
      const { sources } = JSON.parse(readFileSync(join(installed, file), 'utf8')) as { readonly sources: string[] };
      return sources.map((source) => posix.join(posix.dirname(file), source)).filter((path) => !packed.includes(path));
    });
    expect(missing).toEqual([]);
  });

  it('imports no development dependency in its declarations', () => {
    const allowed = ['cdk8s', 'cdk8s-plus-28', 'constructs'];
    const declarations = reachable('lib/index.d.ts');
    expect(declarations.size).toBeGreaterThan(50);
    const foreign = [...declarations].flatMap(([file, imports]) =>
      imports.filter((name) => !name.startsWith('.') && !allowed.includes(name)).map((name) => `${file}: ${name}`),
    );
    expect(foreign).toEqual([]);
  });

  it('has every file that its documentation links to', () => {
    const broken = packed
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => linksIn(file).map((link) => [file, posix.join(posix.dirname(file), link)] as const))
      .filter(([, path]) => !NOT_PACKED.some((each) => path === each || path.startsWith(`${each}/`)))
      .filter(([, path]) => !packed.some((file) => file === path || file.startsWith(`${path.replace(/\/$/, '')}/`)))
      .map(([file, path]) => `${file} links to ${path}`);
    expect(broken).toEqual([]);
  });

  it('names the licences of what the bundled server contains: run "npm run notices"', () => {
    const { buildServer } = jest.requireActual('../../constructs/remediation-webhook/bundle');
    expect(readFileSync(NOTICES_FILE, 'utf8')).toBe(noticesOf(buildServer().inputs));
  });
});

/** What only the repository has: the manifests, the tests and the tools. */
const NOT_PACKED = ['dist', 'scripts', 'test', 'testing', 'tools', '.ci'];

/** Relative links in a page, without their fragments. */
function linksIn(file: string): string[] {
  const text = readFileSync(join(installed, file), 'utf8').replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** The declarations that a file leads to, each with its imports. */
function reachable(entry: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const visit = (file: string): void => {
    if (found.has(file)) {
      return;
    }
    const text = readFileSync(join(installed, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)].map(([, name]) => name!);
    found.set(file, imports);
    for (const name of imports.filter((each) => each.startsWith('.'))) {
      const path = posix.join(dirname(file), name);
      visit(packed.includes(`${path}.d.ts`) ? `${path}.d.ts` : `${path}/index.d.ts`);
    }
  };
  visit(entry);
  return found;
}

describe('The README', () => {
  it('shows what the example does', () => {
    const [, shown = ''] = /## Use as a library\n.*?```ts\n(.*?)```/s.exec(README) ?? [];
    const program = readFileSync(join(EXAMPLE, 'main.ts'), 'utf8');
    const statements = shown.split(/(?<=;\n)/).filter(Boolean);
    expect(statements).toHaveLength(3);
    expect(statements.filter((statement) => !program.includes(statement))).toEqual([]);
  });
});

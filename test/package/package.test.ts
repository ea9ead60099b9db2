import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricLists } from '../../metrics';
import { RuleCatalogue } from '../../rules';
import { describeManifest, readManifests } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';

const EXAMPLE = join(ROOT, 'examples', 'payments');

/** Packages that the tarball asks its consumer for. */
const { peerDependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

describe('The package, installed in an empty project', () => {
  const project = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  const run = (command: string, args: string[], cwd = project) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  beforeAll(() => {
    const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', `--pack-destination=${project}`], ROOT));
    const peers = Object.keys(peerDependencies).map((name) => `${name}@${devDependencies[name]}`);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`, ...peers]);
    cpSync(EXAMPLE, project, { recursive: true });
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'node20',
          target: 'es2022',
          strict: true,
          skipLibCheck: true,
          types: [],
          outDir: 'out',
        },
        include: ['main.ts'],
      }),
    );
  }, 180_000);
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('has the types that the example uses, and synthesizes its chart', () => {
    run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')]);
    run(process.execPath, ['out/main.js']);
    const names = readManifests(join(project, 'dist')).map(describeManifest);
    expect(names).toContain('StatefulSet payments-monitoring/prometheus');
    expect(names).toContain('StatefulSet payments-monitoring/alertmanager');
    expect(names).toContain('ConfigMap payments-monitoring/prometheus-rules-payments');
    expect(names.filter((name) => name.startsWith('NetworkPolicy payments/'))).toEqual([]);
  });

  it('is there for ES modules too', () => {
    const program =
      "import { images } from 'sightedit-monitoring/constructs'; console.log(images.prometheus.repository)";
    expect(run(process.execPath, ['--input-type=module', '--eval', program])).toBe('quay.io/prometheus/prometheus\n');
  });

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
});

describe('The README', () => {
  it('shows what the example does', () => {
    const [, shown = ''] =
      /## Use as a library\n.*?```ts\n(.*?)```/s.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    const program = readFileSync(join(EXAMPLE, 'main.ts'), 'utf8');
    const statements = shown.split(/(?<=;\n)/).filter(Boolean);
    expect(statements).toHaveLength(3);
    expect(statements.filter((statement) => !program.includes(statement))).toEqual([]);
  });
});

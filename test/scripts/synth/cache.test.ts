import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ScratchCheckout } from '../../../testing/scratch-checkout';

const APP = 'scripts/synth/app.js';
const CACHE = 'node_modules/.cache';

jest.setTimeout(120_000);

describe('A synthesis with a cache', () => {
  const checkout = new ScratchCheckout();
  afterAll(() => checkout.remove());

  const textOf = (directory: string): string =>
    readdirSync(directory)
      .sort()
      .map((file) => `${file}\n${readFileSync(join(directory, file), 'utf8')}`)
      .join('');

  /** What a program writes. */
  const written = (program: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
    const output = join(checkout.path, 'out');
    rmSync(output, { recursive: true, force: true });
    checkout.node(program, { CDK8S_OUTDIR: output, ...env });
    return textOf(output);
  };
  const cached = (env?: NodeJS.ProcessEnv) => written([APP], env);
  const uncached = (env?: NodeJS.ProcessEnv) => written(['--import', 'tsx', 'main.ts'], env);
  const original = cached();

  /** The lines that a change of the checkout adds to what is written. */
  const added = (): readonly string[] => {
    const before = new Set(original.split('\n'));
    return cached()
      .split('\n')
      .filter((line) => !before.has(line));
  };

  it('writes the same again', () => {
    expect(cached()).toBe(original);
  });

  it('follows an environment variable', () => {
    expect(cached({ SIGHTEDIT_PROFILE: 'dev' })).not.toBe(original);
    expect(cached()).toBe(original);
  });

  it('follows a rule', () => {
    checkout.edit('rules/nodes.yaml', (text) => text.replace(/^( +)for: 5m$/m, '$1for: 7m'));
    expect(added().join('\n')).toMatch(/^ +for: 7m$/);
  });

  it('follows a runbook', () => {
    checkout.edit('runbooks/NodeNotReady.md', (text) => `${text}\n\`\`\`promql\nnode_network_mtu_bytes\n\`\`\`\n`);
    expect(added().join('\n')).toContain('node_network_mtu_bytes');
  });

  it('follows a source file', () => {
    checkout.edit('constructs/kit/images.ts', (text) => text.replace(/(prometheus', tag: ')[^']+/, '$1v0.0.0-changed'));
    expect(added().join('\n')).toContain('prometheus:v0.0.0-changed');
  });

  it('follows the source of the remediation server', () => {
    checkout.edit('remediation/main.ts', (text) => `${text}\nconsole.debug('changed in remediation/main.ts');\n`);
    expect(added().join('\n')).toContain('changed in remediation/main.ts');
  });

  it("follows a dependency's version", () => {
    checkout.copyPackage('ipaddr.js');
    checkout.edit('node_modules/ipaddr.js/package.json', (text) =>
      text.replace(/"version": "[^"]+"/, '"version": "9.9.9"'),
    );
    checkout.edit('node_modules/ipaddr.js/lib/ipaddr.js', (text) =>
      text.replaceAll('neither IPv6 nor IPv4 format', 'the format of 9.9.9'),
    );
    expect(added().join('\n')).toContain('the format of 9.9.9');
  });

  it('follows a module that takes the place of another', () => {
    writeFileSync(
      join(checkout.path, 'charts', 'sightedit.tsx'),
      "export const sightEdit = (() => { throw new Error('this module comes first'); })();\n",
    );
    expect(() => cached()).toThrow('this module comes first');
    rmSync(join(checkout.path, 'charts', 'sightedit.tsx'));
  });

  it('fails when a test is gone, although the rule has been checked before', () => {
    const test = join(checkout.path, 'rules', 'tests', 'NodeNotReady.yaml');
    const text = readFileSync(test);
    rmSync(test);
    expect(() => cached()).toThrow('NodeNotReady has no test: write rules/tests/NodeNotReady.yaml');
    writeFileSync(test, text);
  });

  it.each(['production', 'dev'])('writes what a synthesis without a cache writes, profile %s', (profile) => {
    expect(cached({ SIGHTEDIT_PROFILE: profile })).toBe(uncached({ SIGHTEDIT_PROFILE: profile }));
  });

  it('loads manifests from files, as cdk8s does', () => {
    checkout.edit('main.ts', (text) =>
      text
        .replace("import type { App } from 'cdk8s'", "import { type App, Yaml } from 'cdk8s'")
        .replace('app.synth();', "app.synth();\n  console.log(Yaml.load('cdk8s.yaml')[0].output);"),
    );
    expect(checkout.node([APP], { CDK8S_OUTDIR: join(checkout.path, 'out') })).toBe('dist\n');
  });

  it('makes a damaged file again', () => {
    const expected = cached();
    const directory = join(checkout.path, CACHE, 'sightedit-monitoring');
    for (const file of readdirSync(directory)) {
      const content = readFileSync(join(directory, file));
      writeFileSync(join(directory, file), content.fill('x', Math.floor(content.length / 2)));
    }
    expect(cached()).toBe(expected);
  });

  it('is the same for two runs at the same time, without a program that is ready', async () => {
    const expected = cached();
    rmSync(join(checkout.path, CACHE), { recursive: true });
    const outputs = ['one', 'other'].map((name) => join(checkout.path, 'out', name));
    await Promise.all(
      outputs.map((output) =>
        promisify(execFile)(process.execPath, [APP], {
          cwd: checkout.path,
          env: { ...process.env, CDK8S_OUTDIR: output },
        }),
      ),
    );
    expect(outputs.map(textOf)).toEqual([expected, expected]);
    expect(cached()).toBe(expected);
  });

  it('does without a cache that cannot be written', () => {
    const expected = cached();
    rmSync(join(checkout.path, CACHE), { recursive: true });
    writeFileSync(join(checkout.path, CACHE), 'not a directory');
    expect(cached()).toBe(expected);
    expect(readFileSync(join(checkout.path, CACHE), 'utf8')).toBe('not a directory');
  });
});

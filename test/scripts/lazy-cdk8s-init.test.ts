import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScratchCheckout } from '../../testing/scratch-checkout';

describe('cdk8s, after an installation', () => {
  const checkout = new ScratchCheckout();
  checkout.copyPackage('cdk8s-cli');
  checkout.node(['scripts/lazy-cdk8s-init.js']);
  afterAll(() => checkout.remove());

  it('starts without the TypeScript compiler', () => {
    const loaded = "Object.keys(require.cache).filter((file) => file.endsWith('lib/typescript.js'))";
    const program = `for (const name of ['synth', 'import', 'init']) require('./node_modules/cdk8s-cli/lib/cli/cmds/' + name);
      console.log(${loaded}.length);
      require('jsii-pacmak');
      console.log(${loaded}.length > 0);`;
    expect(checkout.node(['--eval', program])).toBe('0\ntrue\n');
  });

  it('still makes new projects', () => {
    const project = mkdtempSync(join(tmpdir(), 'cdk8s-init-'));
    try {
      const cdk8s = join(checkout.path, 'node_modules', 'cdk8s-cli', 'bin', 'cdk8s');
      // The project is written first; without a PATH there is no npm that could install its packages.
      const { stderr } = spawnSync(process.execPath, [cdk8s, 'init', 'typescript-app', '--check-upgrade=false'], {
        cwd: project,
        encoding: 'utf8',
        env: { PATH: '' },
      });
      expect(stderr).toContain('Initializing a project from the typescript-app template');
      expect(readFileSync(join(project, 'main.ts'), 'utf8')).toContain("from 'cdk8s'");
    } finally {
      rmSync(project, { recursive: true });
    }
  });

  it('stays as it is the second time', () => {
    const file = join(checkout.path, 'node_modules', 'cdk8s-cli', 'lib', 'cli', 'cmds', 'init.js');
    const before = readFileSync(file, 'utf8');
    expect(before.match(/new Proxy\(/g)).toHaveLength(2);
    checkout.node(['scripts/lazy-cdk8s-init.js']);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});

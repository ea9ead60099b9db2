import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';
import { readManifests } from '../support/dist';
import { credentialKeys, secretKeys } from './checks/references';
import { type CheckName, checks } from './closure';
import { controls } from './controls';
import { Copy } from './controls/copy';
import { credentialKeys as credentialKeyControls } from './controls/references';
import { refusals } from './controls/refusals';

const dist = readManifests();

describe.each(Object.keys(checks) as CheckName[])('%s', (name) => {
  const check = checks[name];

  test('finds nothing broken in dist', () => {
    expect(check(dist)).toEqual([]);
  });

  test.each(controls[name])('finds it when $when', ({ breaks, problems }) => {
    const copy = new Copy();
    breaks(copy);
    expect(check(copy.manifests)).toEqual(problems);
  });
});

describe('credentialKeys', () => {
  const example = join(ROOT, '.env.example');

  // Without .env.example nobody is asked for anything yet: the test is shown as skipped, never as passed.
  (existsSync(example) ? test : test.skip)('finds no key in dist that .env.example does not name', () => {
    // A name behind a `#` is offered too: it may stay unset.
    const names = [...readFileSync(example, 'utf8').matchAll(/^#? ?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);
    expect(credentialKeys(names)(dist)).toEqual([]);
  });

  test.each(credentialKeyControls)('finds it when $when', ({ breaks, problems }) => {
    const copy = new Copy();
    breaks(copy);
    expect(credentialKeys(secretKeys(dist).map(({ key }) => key))(copy.manifests)).toEqual(problems);
  });
});

describe('what no check here can read is refused, not passed over', () => {
  test.each(refusals)('$what', ({ makes, check, message }) => {
    const copy = new Copy();
    makes(copy);
    expect(() => checks[check](copy.manifests)).toThrow(message);
  });
});

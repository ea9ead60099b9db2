import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifests } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';
import { causedProblems } from './caused';
import { credentialKeys, secretKeys } from './checks/references';
import { type CheckName, checks } from './closure';
import { controls } from './controls';
import { Copy } from './controls/copy';
import { credentialKeys as credentialKeyControls } from './controls/references';
import { unsupported } from './controls/unsupported';

const dist = readManifests();

describe.each(Object.keys(checks) as CheckName[])('%s', (name) => {
  const check = checks[name];
  const known = check(dist);

  test('finds nothing broken in dist', () => {
    expect(known).toEqual([]);
  });

  test.each(controls[name])('finds it when $when', ({ breaks, problems }) => {
    const copy = new Copy();
    breaks(copy);
    expect(causedProblems(known, check(copy.manifests))).toEqual(problems);
  });
});

describe('credentialKeys', () => {
  test('finds no key in dist that .env.example does not name', () => {
    const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
    const names = [...example.matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);
    expect(credentialKeys(names)(dist)).toEqual([]);
  });

  test.each(credentialKeyControls)('finds it when $when', ({ breaks, problems }) => {
    const copy = new Copy();
    breaks(copy);
    expect(credentialKeys(secretKeys(dist).map(({ key }) => key))(copy.manifests)).toEqual(problems);
  });
});

describe('what the checks do not support is an error, and never passes', () => {
  test.each(unsupported)('$what', ({ makes, check, message }) => {
    const copy = new Copy();
    makes(copy);
    expect(() => checks[check](copy.manifests)).toThrow(message);
  });
});

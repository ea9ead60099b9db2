import { execFileSync } from 'node:child_process';
import { credentialCheck } from '../../../constructs/kit/credential-check';

const secret = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: 'demo', key } } });

/** Runs the check with values of its variables, and returns what it prints. */
function checked(values: Readonly<Record<string, string>>): string {
  const variables = Object.keys(values).map((name) => secret(name, `KEY_OF_${name}`));
  const { command = [], args = [] } = credentialCheck({ image: 'demo' }, variables)!;
  const [program, ...rest] = [...command, ...args];
  try {
    return execFileSync(program!, rest, { env: { ...process.env, ...values }, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (error as { readonly stderr: string }).stderr;
  }
}

const message = (key: string) =>
  `the key ${key} of the Secret has a line break: create the Secret again without it, e.g. with printf %s\n`;

test.each(['plain', 'correct horse', ' ends with a blank ', `'"\\$HOME$(id)`, '@:/#?%', 'ü日本', '-n', '*', ''])(
  'accepts %j',
  (value) => {
    expect(checked({ USER_NAME: value, PASSWORD: value })).toBe('');
  },
);

test.each(['end\n', 'end\r\n', 'two\nlines', '\n', 'nul-like\u0001'])('refuses %j by the name of its key', (value) => {
  expect(checked({ USER_NAME: 'demo', PASSWORD: value })).toBe(message('KEY_OF_PASSWORD'));
});

test('names every key that is wrong', () => {
  expect(checked({ USER_NAME: 'a\n', PASSWORD: 'b\n' })).toBe(message('KEY_OF_USER_NAME') + message('KEY_OF_PASSWORD'));
});

test('checks variables from Secrets alone', () => {
  expect(credentialCheck({ image: 'demo' }, [{ name: 'PLAIN', value: 'x' }])).toBeUndefined();
  const check = credentialCheck({ image: 'demo' }, [{ name: 'PLAIN', value: 'x' }, secret('PASSWORD', 'KEY')]);
  expect(check).toMatchObject({ image: 'demo', args: ['PASSWORD', 'KEY'], env: [secret('PASSWORD', 'KEY')] });
});

test('has nothing that the kubelet would expand', () => {
  expect(credentialCheck({ image: 'demo' }, [secret('PASSWORD', 'KEY')])!.command!.join(' ')).not.toMatch(/\$[$(]/);
});

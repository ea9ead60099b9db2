import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { DIST } from '../../testing/manifests';
import { BIN, ROOT } from '../../tools/catalogue';
import { argumentsOf } from '../runbooks/kubectl/arguments';
import { callOf } from '../runbooks/kubectl/check';
import { KINDS } from '../runbooks/kubectl/kinds';
import { type KubectlCommand, kubectlCommands } from '../runbooks/kubectl/shell';

const RUNBOOKS = join(ROOT, 'runbooks');
const commands = readdirSync(RUNBOOKS)
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => kubectlCommands(readFileSync(join(RUNBOOKS, file), 'utf8')))
  .filter(({ words }) => words.length > 0);

const help = (...args: readonly string[]) => execFileSync(join(BIN, 'kubectl'), args, { encoding: 'utf8' });

/** Options in a help text, as `-n` and `--namespace`. */
const optionsIn = (text: string) =>
  [...text.matchAll(/^\s+(?:(-\w), )?(--[\w-]+)=/gm)].flatMap(([, short, long]) => [short, long]);

/** Options of a verb that the real kubectl does not have. Short options may be combined, as in `-it`. */
function unknownOptions(verb: string, calls: readonly Pick<KubectlCommand, 'words'>[]): string[] {
  const known = new Set([...optionsIn(help(...verb.split(' '), '--help')), ...optionsIn(help('options'))]);
  return calls
    .flatMap(({ words }) => (words.includes('--') ? words.slice(0, words.indexOf('--')) : words))
    .filter((word) => /^-[a-zA-Z-]/.test(word))
    .map((word) => word.split('=')[0]!)
    .flatMap((word) => (/^-\w\w+$/.test(word) ? [...word.slice(1)].map((letter) => `-${letter}`) : [word]))
    .filter((option) => !known.has(option));
}

describe('The real kubectl', () => {
  const verbs = new Map<string, KubectlCommand[]>();
  for (const command of commands) {
    const { verb } = callOf(command);
    verbs.set(verb, [...(verbs.get(verb) ?? []), command]);
  }

  test.each([...verbs])('has every option that runbooks use with %s', (verb, calls) => {
    expect(unknownOptions(verb, calls)).toEqual([]);
  });

  test('does not have a misspelt option', () => {
    expect(unknownOptions('get', [{ words: ['get', 'pods', '--namespaze=x', '-nq'] }])).toEqual(['--namespaze', '-q']);
    expect(argumentsOf(['--namespaze=x']).unknown).toEqual(['--namespaze=x']);
  });
});

describe('A real API server', () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await makeNamespace(kubernetes, 'sightedit');
    await kubernetes.kubectl('apply', '--filename', DIST);
  });
  afterAll(() => kubernetes?.stop());

  test('has every kind that runbooks may name, under each of its names', async () => {
    const { stdout } = await kubernetes.kubectl('api-resources', '--no-headers', '--output=wide');
    const resources = stdout.split('\n').map((line) => {
      const [, names, namespaced, kind] = /^(.*?)\s+\S+\s+(true|false)\s+(\w+)\s/.exec(line) ?? [];
      return { kind, namespaced: namespaced === 'true', names: (names ?? '').split(/[\s,]+/) };
    });
    const missing = KINDS.filter(({ kind }) => kind !== 'Remediation').flatMap(({ kind, names, namespaced }) => {
      const resource = resources.find((each) => each.kind === kind && each.namespaced === namespaced);
      const accepted = [...(resource?.names ?? []), kind.toLowerCase()];
      return names.filter((name) => !accepted.includes(name.split('.')[0]!)).map((name) => `${kind}: ${name}`);
    });
    expect(missing).toEqual([]);
  });
});

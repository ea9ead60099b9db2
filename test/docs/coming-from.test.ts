import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';

const PAGE = join(ROOT, 'docs', 'coming-from-kube-prometheus-stack.md');

/** Names in the page that are those of cdk8s, of the servers, or of a variable. */
const NOT_OURS = new Set(['Chart', 'construct', 'hashmod', 'yml', 'PodDisruptionBudget', 'Service']);

/** The types of the package, and the configuration types that its props take. */
const sources = ['constructs', 'rules', 'formats']
  .flatMap((directory) =>
    readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(ROOT, directory, file), 'utf8')),
  )
  .join('\n');

/** Whether the package has a prop, a method or an export of this name. */
function isKnown(name: string): boolean {
  const member = `(?:^\\s+|\\{ )(?:readonly |static |get )?['"]?${name}['"]?\\??(?:: |\\(|<)`;
  const declared = `\\b(?:class|const|function|interface|type) ${name}\\b`;
  return new RegExp(`${member}|${declared}`, 'm').test(sources);
}

/** The code in the right column of each table, which names what the package has. */
function mappings(page: string): string[] {
  const rows = page.match(/^\| .+ \| .+ \|$/gm) ?? [];
  return rows.flatMap((row) =>
    [
      ...row
        .split(' | ')
        .at(-1)!
        .matchAll(/`([^`]+)`/g),
    ].map(([, code]) => code!),
  );
}

/** Names in code: `pod.serviceAccount`, `addRules()`, `platform: 'kubeadm'`, `storage: { existingClaim }`. Flags have none. */
function namesIn(code: string): string[] {
  if (code.startsWith('-')) {
    return [];
  }
  const withoutTexts = code.replace(/^new /, '').replace(/'[^']*'/g, '');
  return [...withoutTexts.matchAll(/[A-Za-z_]\w+/g)].map(([name]) => name).filter((name) => !NOT_OURS.has(name));
}

/** Words of TypeScript, and arguments, in the code of the page. */
const WORDS = new Set(['true', 'false', 'app', 'id', 'target', 'namespace', 'labels', 'prometheus', 'all']);

const unknownNames = (page: string) =>
  [...new Set(mappings(page).flatMap(namesIn))].filter((name) => !WORDS.has(name) && !isKnown(name));

describe('Coming from kube-prometheus-stack', () => {
  const page = readFileSync(PAGE, 'utf8');

  test('names what the package has', () => {
    expect(mappings(page).length).toBeGreaterThan(80);
    expect(unknownNames(page)).toEqual([]);
  });

  test('is checked for names that the package does not have', () => {
    const wrong =
      '| `a` | `pod.serviceAccont.annotations`, `addRouter()`, `--any.flag`, `storage: { existingClaim }` |';
    expect(unknownNames(wrong)).toEqual(['serviceAccont', 'addRouter']);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MonitoringInput, resolveSettings, sightEdit } from '../../charts';
import { PLATFORMS } from '../../constructs';
import { ROOT } from '../../tools/catalogue';

const page = readFileSync(join(ROOT, 'docs', 'networks.md'), 'utf8');

/** Settings that a page names in code: `network.apiCidrs`. */
function settingsIn(markdown: string): string[] {
  const code = [...markdown.matchAll(/`((?:network|scheduling)\.\w+)/g)].map(([, name]) => name!);
  return [...new Set(code)];
}

/** The settings of each block of TypeScript. */
function examples(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block!);
}

describe('docs/networks.md', () => {
  const { network, scheduling } = resolveSettings(sightEdit, 'production');
  const known = [
    ...Object.keys(network).map((name) => `network.${name}`),
    ...Object.keys(scheduling).map((name) => `scheduling.${name}`),
  ];

  test('names settings that exist', () => {
    expect(settingsIn(page).length).toBeGreaterThan(5);
    expect(settingsIn(page).filter((name) => !known.includes(name))).toEqual([]);
    expect(settingsIn('`network.plugin`')).toEqual(['network.plugin']);
  });

  test('has every setting', () => {
    expect(known.filter((name) => !page.includes(name.split('.')[1]!))).toEqual([]);
  });

  test.each(examples(page))('has settings that synthesis accepts:\n%s', (block) => {
    const changes = new Function(`return ({${block}});`)() as Partial<MonitoringInput>;
    expect(Object.keys(changes).filter((key) => !['platform', 'network', 'scheduling'].includes(key))).toEqual([]);
    expect(() => resolveSettings({ ...sightEdit, ...changes }, 'production')).not.toThrow();
  });

  test('has a row for each platform and each plugin', () => {
    const names = ['EKS', 'GKE', 'AKS', 'OpenShift', 'kubeadm', 'kubespray', 'k3s', 'RKE2', 'Talos', 'kind'];
    const plugins = ['Calico', 'Cilium', 'VPC CNI', 'kube-router'];
    const rows = page.split('\n').filter((line) => line.startsWith('| '));
    expect([...names, ...plugins].filter((name) => !rows.some((row) => row.startsWith(`| ${name}`)))).toEqual([]);
    for (const platform of PLATFORMS) {
      expect(page).toContain(`\`${platform}\``);
    }
  });
});

test('docs/field-faults.md names tests that exist', () => {
  const faults = readFileSync(join(ROOT, 'docs', 'field-faults.md'), 'utf8');
  const files = [...faults.matchAll(/`((?:test|rules\/tests)\/[\w./-]+)`/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(30);
  expect([...new Set(files)].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

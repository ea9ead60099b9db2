import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type AppProps, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { ManifestApp } from '../../manifests/manifest-app';

/** What an app of three charts writes. The last chart stands first when the others depend on it. */
function written(make: (props: AppProps) => App, dependent: boolean): Record<string, string> {
  const outdir = mkdtempSync(join(tmpdir(), 'manifest-app-'));
  try {
    const app = make({ outdir });
    const charts = ['shop', 'Shop-Rules', 'namespaces'].map((id) => new Chart(app, id));
    for (const chart of charts) {
      new k8s.KubeConfigMap(chart, 'settings', { data: { 'a.yaml': 'a: 1\nb: 2\n' } });
      new k8s.KubeService(chart, 'service', { spec: { ports: [{ port: 80 }] } });
    }
    if (dependent) {
      charts[0]!.addDependency(charts[2]!);
      charts[1]!.addDependency(charts[2]!);
    }
    app.synth();
    return Object.fromEntries(readdirSync(outdir).map((file) => [file, readFileSync(join(outdir, file), 'utf8')]));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

test.each([
  ['numbers the files of charts that depend on each other', true, '0000-namespaces.k8s.yaml'],
  ['names the files of other charts after them', false, 'namespaces.k8s.yaml'],
])('writes what cdk8s writes: %s', (_, dependent, file) => {
  const files = written((props) => new ManifestApp(props), dependent);
  expect(Object.keys(files)).toContain(file);
  expect(files).toEqual(written((props) => new App(props), dependent));
});

test('writes nothing when an object is not valid', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'manifest-app-'));
  try {
    const app = new ManifestApp({ outdir });
    new Chart(app, 'shop').node.addValidation({ validate: () => ['the shop is closed'] });
    expect(() => app.synth()).toThrow('[shop] the shop is closed');
    expect(readdirSync(outdir)).toEqual([]);
  } finally {
    rmSync(outdir, { recursive: true });
  }
});

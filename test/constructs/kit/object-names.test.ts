import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { manifestsOf, synthError, testChart } from '../../../testing/render';
import { component } from './sample';

/** An app in which two constructs write the same ConfigMap, one of them beside a component. */
function clashing(outdir?: string): App {
  const app = new App({ outdir });
  const chart = testChart('shop', app, 'first');
  component(chart);
  for (const scope of [chart, testChart('shop', app, 'second')]) {
    new k8s.KubeConfigMap(scope, 'settings', { metadata: { name: 'settings' } });
  }
  return app;
}

test('two constructs that write the same object stop synthesis with one message and no file', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'object-names-'));
  try {
    expect(() => clashing(outdir).synth()).toThrow(
      new Error(
        'Validation failed with the following errors:\n' +
          '  [] duplicate object ConfigMap shop/settings, written by first/settings and second/settings: ' +
          'rename one of them',
      ),
    );
    expect(existsSync(outdir) ? readdirSync(outdir) : []).toEqual([]);
  } finally {
    rmSync(outdir, { recursive: true });
  }
});

test('two components of one name name every object that they both write', () => {
  const chart = testChart();
  component(chart, {}, 'first');
  component(chart, {}, 'second');
  const lines = synthError(chart).split('\n').slice(1);
  expect(lines.map((line) => line.trim().split(' ')[3])).toEqual([
    'ServiceAccount',
    'Deployment.apps',
    'Service',
    'NetworkPolicy.networking.k8s.io',
  ]);
});

test('the same name in two namespaces, or of two kinds, is no duplicate', () => {
  const app = new App();
  for (const namespace of ['shop', 'staging']) {
    const chart = testChart(namespace, app, namespace);
    component(chart);
    new k8s.KubeConfigMap(chart, 'config', { metadata: { name: 'demo' } });
  }
  expect(manifestsOf(app)).toHaveLength(10);
});

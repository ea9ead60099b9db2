import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject } from 'cdk8s';
import { MonitoringChart, PayloadChart } from '../../charts';
import { ManifestApp } from '../../manifests/manifest-app';

describe('a payload chart', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'payload-'));
  afterAll(() => rmSync(outdir, { recursive: true }));

  test('says in the first line of its file what it was generated from, and no other chart does', () => {
    const app = new ManifestApp({ outdir });
    const payload = new PayloadChart(app, 'platform-pages', { source: 'pages/' });
    const chart = new MonitoringChart(app, 'platform', {});
    for (const scope of [payload, chart]) {
      new ApiObject(scope, 'object', { apiVersion: 'v1', kind: 'ConfigMap' });
    }
    chart.addDependency(payload);
    app.synth();
    const firstLine = (file: string) => readFileSync(join(outdir, file), 'utf8').split('\n')[0];
    expect(firstLine('0000-platform-pages.k8s.yaml')).toBe(
      '# Generated from pages/ by "npm run synth". Do not edit or review: read the source.',
    );
    expect(firstLine('0001-platform.k8s.yaml')).toBe('apiVersion: v1');
  });
});

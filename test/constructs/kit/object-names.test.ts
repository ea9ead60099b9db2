import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { Endpoint, ExternalWorkload, inCluster } from '../../../constructs';
import { manifestsOf, synthError, testChart } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
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
          'rename one of them, or name the cluster of each chart with inCluster()',
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

describe('several clusters in one app', () => {
  /** The same component in a chart for each cluster. */
  function clusters(...names: readonly string[]): App {
    const app = new App();
    for (const [index, cluster] of names.entries()) {
      component(inCluster(testChart('shop', app, `chart-${index}`), cluster)).addClusterRole([
        { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
      ]);
    }
    return app;
  }

  test('have objects of the same names, those without a namespace too', () => {
    const names = manifestsOf(clusters('europe', 'america')).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names.filter((name) => name === 'ClusterRole shop-demo')).toHaveLength(2);
    expect(names.filter((name) => name === 'Deployment demo')).toHaveLength(2);
  });

  test('have each object once in a cluster', () => {
    const [, first, ...more] = synthError(clusters('europe', 'europe')).split('\n');
    expect(first?.trim()).toBe(
      '[] duplicate object ServiceAccount shop/demo in cluster europe, written by chart-0/demo/service-account and ' +
        'chart-1/demo/service-account: rename one of them',
    );
    expect(more.join('\n')).toContain('ClusterRole.rbac.authorization.k8s.io shop-demo in cluster europe');
  });

  test('are named by a construct that holds their charts as well', () => {
    const app = new App();
    for (const cluster of ['europe', 'america']) {
      const scope = inCluster(new Construct(app, cluster), cluster);
      component(new Chart(scope, 'monitoring', { namespace: 'shop', disableResourceNameHashes: true }));
    }
    expect(manifestsOf(app).filter(({ kind }) => kind === 'Deployment')).toHaveLength(2);
  });
});

describe('a connection between clusters', () => {
  const pods = { namespace: 'shop', podLabels: { app: 'redis' }, service: 'redis', port: 6379, scheme: 'redis' };

  /** A client in one cluster, and a chart in another; `undefined` names no cluster. */
  function apart(client: string | undefined, server: string | undefined) {
    const app = new App();
    const [near, far] = [client, server].map((cluster, index) => {
      const chart = testChart('shop', app, `chart-${index}`);
      return cluster === undefined ? chart : inCluster(chart, cluster);
    }) as [Chart, Chart];
    return { client: component(near), far };
  }

  test('is refused by every way to connect, and names both', () => {
    const { client, far } = apart('europe', 'america');
    const server = component(far).endpoint();
    const workload = new ExternalWorkload(far, 'redis', pods).endpoint;
    const places = 'it is in cluster america, and chart-0/demo is in cluster europe';
    const fix = 'use Endpoint.host() with an address that the other cluster is reached at';
    const messages = [
      () => client.connectTo(server),
      () => client.allowEgressTo(server),
      () => client.connectTo(workload),
    ].map((connect) => settingError(connect).message);
    expect(messages).toEqual([
      `endpoint is "chart-1/demo": ${places}; ${fix}`,
      `endpoint is "chart-1/demo": ${places}; ${fix}`,
      `endpoint is "chart-1/redis": ${places}; ${fix}`,
    ]);
  });

  test('is refused to and from a chart that names no cluster', () => {
    for (const [client, server, places] of [
      ['europe', undefined, 'it is in a chart that names no cluster, and chart-0/demo is in cluster europe'],
      [undefined, 'europe', 'it is in cluster europe, and chart-0/demo is in a chart that names no cluster'],
    ] as const) {
      const made = apart(client, server);
      expect(settingError(() => made.client.connectTo(component(made.far).endpoint())).message).toContain(places);
    }
  });

  test.each([['europe'], [undefined]])('is none within one cluster: %s', (cluster) => {
    const { client, far } = apart(cluster, cluster);
    expect(client.connectTo(component(far, { name: 'server' }).endpoint()).host).toBe('server.shop.svc');
  });

  test('is made by an address outside of both', () => {
    const { client } = apart('europe', 'america');
    expect(client.connectTo(Endpoint.host('redis.america.example.com', 6379, 'redis')).port).toBe(6379);
    expect(client.connectTo(Endpoint.kubernetesApi()).port).toBe(443);
  });
});

describe('an object without a namespace', () => {
  /** One object in two charts with a namespace each, which cdk8s stamps on the object. */
  function twice(apiVersion: string, kind: string, name: string): App {
    const app = new App();
    for (const namespace of ['shop', 'staging']) {
      const chart = testChart(namespace, app, namespace);
      component(chart);
      new ApiObject(chart, 'object', { apiVersion, kind, metadata: { name } });
    }
    return app;
  }

  test('is written once, whatever the namespaces of the charts', () => {
    expect(synthError(twice('rbac.authorization.k8s.io/v1', 'ClusterRole', 'reader'))).toContain(
      'duplicate object ClusterRole.rbac.authorization.k8s.io reader, written by shop/object and staging/object: ' +
        'rename one of them, or name the cluster of each chart with inCluster()',
    );
  });

  test('cannot get another name if it is a definition', () => {
    expect(synthError(twice('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'boats.example.com'))).toContain(
      'written by shop/object and staging/object: write it in one of them only, ' +
        'or name the cluster of each chart with inCluster()',
    );
  });

  test('of a kind with namespaces is another object in each', () => {
    expect(manifestsOf(twice('v1', 'Secret', 'reader')).filter(({ kind }) => kind === 'Secret')).toHaveLength(2);
  });
});

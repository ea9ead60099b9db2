import { type Image, images, imageVersion } from '../../constructs';
import { moduleVersion, softwareVersion, tools } from '../../tools/catalogue';
import { node, packagedTools } from '../../tools/packages';

/** Images without a tool, with the reason. */
const NOT_BUILT: Record<string, string> = {
  grafana: 'its web interface is compiled at release, and no package registry has it',
  loki: 'its licence: the tests use a program that you download, test/e2e/loki.e2e.ts',
  sqlExporter: 'the Go module proxy has none of its versions',
};

/** Image of each folder in `tools/`. Kubernetes and etcd belong to the cluster, gofakes3 to the tests: they have none. */
const IMAGE_OF: Record<string, keyof typeof images | undefined> = {
  alertmanager: 'alertmanager',
  'blackbox-exporter': 'blackboxExporter',
  'kube-state-metrics': 'kubeStateMetrics',
  'node-exporter': 'nodeExporter',
  'postgres-exporter': 'postgresExporter',
  prometheus: 'prometheus',
  'redis-exporter': 'redisExporter',
  etcd: undefined,
  gofakes3: undefined,
  kubernetes: undefined,
};

describe('The programs that tests run', () => {
  it.each(tools.map((tool) => [tool.name, tool] as const))('%s has the deployed version', (_, tool) => {
    expect(Object.keys(IMAGE_OF)).toContain(tool.directory);
    const name = IMAGE_OF[tool.directory];
    if (name) {
      expect(softwareVersion(tool)).toBe(imageVersion(images[name] as Image));
    } else {
      expect(moduleVersion(tool)).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it('cover every image except those that cannot be built', () => {
    const built = [...Object.values(IMAGE_OF), ...packagedTools.map(({ name }) => name)];
    const missing = Object.keys(images).filter((name) => !built.includes(name as keyof typeof images));
    expect(missing).toEqual(Object.keys(NOT_BUILT));
  });

  it('run the webhook with the deployed Node version', () => {
    expect(node.version).toBe(imageVersion(images.node));
  });

  it('reads Prometheus 3.13.5 from its Go module v0.313.5', () => {
    const prometheus = tools.find(({ name }) => name === 'prometheus')!;
    expect([moduleVersion(prometheus), softwareVersion(prometheus)]).toEqual(['0.313.5', '3.13.5']);
  });
});

import { BlackboxExporter, NodeExporter, type NodeExporterProps } from '../../constructs';
import { containerOf, find, podOf, render } from '../../testing/render';
import { testProps } from '../support/props';

describe('NodeExporter', () => {
  testProps<NodeExporterProps>({
    // The ranges are in the NetworkPolicy of a client.
    make: (scope, props) =>
      new BlackboxExporter(scope, 'client').component.connectTo(new NodeExporter(scope, 'exporter', props).endpoint),
    minimal: () => ({}),
    full: () => ({
      name: 'host-metrics',
      port: 19100,
      nodeCidrs: ['10.61.0.0/16'],
      pod: { priorityClassName: 'hosts-first' },
    }),
    traces: {
      name: 'name: host-metrics',
      port: 'port: 19100',
      nodeCidrs: 'cidr: 10.61.0.0/16',
      pod: 'priorityClassName: hosts-first',
    },
  });

  const manifests = render((chart) => new NodeExporter(chart, 'exporter'));

  test('sees the network and the processes of its node', () => {
    expect(podOf(manifests, 'node-exporter').spec).toMatchObject({ hostNetwork: true, hostPID: true });
  });

  test('sees the files of its node and can write none', () => {
    expect(podOf(manifests, 'node-exporter').spec.volumes).toEqual([{ name: 'root', hostPath: { path: '/' } }]);
    expect(containerOf(manifests, 'node-exporter').volumeMounts).toEqual([
      { name: 'root', mountPath: '/host/root', readOnly: true, mountPropagation: 'HostToContainer' },
    ]);
  });

  test('runs without privileges all the same', () => {
    expect(containerOf(manifests, 'node-exporter').securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(podOf(manifests, 'node-exporter').spec.securityContext.runAsNonRoot).toBe(true);
  });

  test('runs on every node and is reached on each of them', () => {
    expect(podOf(manifests, 'node-exporter').spec.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(find(manifests, 'Service').spec.clusterIP).toBe('None');
  });

  test('listens on the port that its Service names', () => {
    const moved = render((chart) => new NodeExporter(chart, 'exporter', { port: 19100 }));
    expect(containerOf(moved, 'node-exporter').args).toContain('--web.listen-address=:19100');
    expect(find(moved, 'Service').spec.ports).toMatchObject([{ port: 19100, targetPort: 'http' }]);
  });
});

import { App } from 'cdk8s';
import { type Component, type Connection, type Destination, Endpoint } from '../../../constructs';
import { find, manifestsOf, NAMESPACE, render, testChart } from '../../../testing/render';
import { component, selected, stateful } from './sample';

const DNS_RULES = 1;

/** Rules of a policy beside the one for name resolution. */
function egressOf(manifests: Parameters<typeof find>[0], name: string) {
  return find(manifests, 'NetworkPolicy', name).spec.egress.slice(DNS_RULES);
}

/** What a client may reach that has opened the way to a destination. */
function egressTo(destination: Destination) {
  return egressOf(
    render((chart) => component(chart).allowEgressTo(destination)),
    'demo',
  );
}

describe('a component that connects to nobody', () => {
  const policy = find(
    render((chart) => component(chart)),
    'NetworkPolicy',
  );

  test('is reached by nobody', () => {
    expect(policy.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'], ingress: [] });
  });

  test('reaches the DNS of the cluster, its cache on the node and nothing else', () => {
    const clusterDns = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    };
    expect(policy.spec.egress).toEqual([
      {
        to: [clusterDns, { ipBlock: { cidr: '169.254.20.10/32' } }, { ipBlock: { cidr: '169.254.25.10/32' } }],
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      },
    ]);
  });
});

describe('a connection within a namespace', () => {
  const chart = testChart();
  const server = component(chart, { name: 'server', ports: { http: { port: 8080 }, grpc: { port: 9095 } } });
  const client = component(chart, { name: 'client' });
  const connection = client.connectTo(server.endpoint('grpc'));
  const manifests = manifestsOf(chart);
  const ports = [{ port: 9095, protocol: 'TCP' }];

  test('opens both sides on its port alone', () => {
    const pods = (name: string) => ({ podSelector: selected(name) });
    expect(find(manifests, 'NetworkPolicy', 'server').spec.ingress).toEqual([{ from: [pods('client')], ports }]);
    expect(egressOf(manifests, 'client')).toEqual([{ to: [pods('server')], ports }]);
  });

  test('opens no way back', () => {
    expect(find(manifests, 'NetworkPolicy', 'client').spec.ingress).toEqual([]);
    expect(egressOf(manifests, 'server')).toEqual([]);
  });

  test('returns the address', () => {
    expect(connection.address).toBe(`server.${NAMESPACE}.svc:9095`);
    expect(connection.url()).toBe(`http://server.${NAMESPACE}.svc:9095`);
    expect(connection.url('/ready')).toBe(`http://server.${NAMESPACE}.svc:9095/ready`);
    expect(connection.service).toEqual({ namespace: NAMESPACE, name: 'server', portName: 'grpc' });
  });

  test('is written once however often it is made', () => {
    const again = render((scope) => {
      const target = component(scope, { name: 'server' });
      const source = component(scope, { name: 'client' });
      source.connectTo(target.endpoint());
      source.connectTo(target.endpoint());
    });
    expect(find(again, 'NetworkPolicy', 'server').spec.ingress).toHaveLength(1);
    expect(egressOf(again, 'client')).toHaveLength(1);
  });
});

test.each<[string, (client: Component, endpoint: Endpoint) => void]>([
  ['connecting', (client, endpoint) => client.connectTo(endpoint)],
  ['allowing egress', (client, endpoint) => client.allowEgressTo(endpoint)],
])('%s to an endpoint writes both sides', (_verb, open) => {
  const manifests = render((chart) => {
    const server = component(chart, { name: 'server' });
    open(component(chart, { name: 'client' }), server.endpoint());
  });
  expect(find(manifests, 'NetworkPolicy', 'server').spec.ingress).toHaveLength(1);
  expect(egressOf(manifests, 'client')).toHaveLength(1);
});

test('a connection to another namespace names both namespaces', () => {
  const app = new App();
  const server = component(testChart('servers', app, 'servers'), { name: 'server' });
  const client = component(testChart('clients', app, 'clients'), { name: 'client' });
  client.connectTo(server.endpoint());
  const manifests = manifestsOf(client);
  const peer = (namespace: string, name: string) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: selected(name),
  });
  expect(find(manifests, 'NetworkPolicy', 'server').spec.ingress[0].from).toEqual([peer('clients', 'client')]);
  expect(egressOf(manifests, 'client')[0].to).toEqual([peer('servers', 'server')]);
});

test('pods on the network of their node are reached by address, since no selector matches them', () => {
  const manifests = render((chart) => {
    const agent = component(chart, {
      name: 'agent',
      workload: { kind: 'DaemonSet', host: { network: true, pid: false } },
    });
    component(chart, { name: 'client' }).connectTo(agent.endpoint());
  });
  const [rule] = egressOf(manifests, 'client');
  expect(rule.to).toEqual([
    { ipBlock: { cidr: '10.0.0.0/8' } },
    { ipBlock: { cidr: '172.16.0.0/12' } },
    { ipBlock: { cidr: '192.168.0.0/16' } },
    { ipBlock: { cidr: '100.64.0.0/10' } },
  ]);
});

describe('replicas', () => {
  const connect = (workload: Parameters<typeof component>[1]): Connection => {
    const chart = testChart();
    return component(chart, { name: 'client' }).connectTo(component(chart, { name: 'server', ...workload }).endpoint());
  };

  test('of a StatefulSet have addresses of their own', () => {
    expect(connect({ workload: stateful(2) }).replicas).toEqual([
      `server-0.server-headless.${NAMESPACE}.svc:8080`,
      `server-1.server-headless.${NAMESPACE}.svc:8080`,
    ]);
  });

  test('of a Deployment are interchangeable', () => {
    expect(connect({ workload: { kind: 'Deployment', replicas: 2 } }).replicas).toEqual([]);
  });

  test('that talk to each other are opened on both sides for every port that they name', () => {
    const chart = testChart();
    const server = component(chart, {
      workload: stateful(2),
      ports: { http: { port: 80 }, tcp: { port: 7000 }, udp: { port: 7000, protocol: 'UDP' } },
    });
    const hosts = server.connectReplicas(['tcp', 'udp']);
    expect(hosts).toEqual([`demo-0.demo-headless.${NAMESPACE}.svc`, `demo-1.demo-headless.${NAMESPACE}.svc`]);
    const peers = [{ podSelector: selected() }];
    const ports = [
      { port: 7000, protocol: 'TCP' },
      { port: 7000, protocol: 'UDP' },
    ];
    const manifests = manifestsOf(chart);
    expect(find(manifests, 'NetworkPolicy').spec.ingress).toEqual([{ from: peers, ports }]);
    expect(egressOf(manifests, 'demo')).toEqual([{ to: peers, ports }]);
  });
});

describe('the world outside', () => {
  test('is every address but private ones, link-local ones and the metadata service of the cloud', () => {
    expect(egressTo(Endpoint.host('hooks.example.com'))).toEqual([
      {
        to: [
          {
            ipBlock: {
              cidr: '0.0.0.0/0',
              except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
            },
          },
        ],
        ports: [{ port: 443, protocol: 'TCP' }],
      },
    ]);
  });

  test('is opened once for several hosts on one port', () => {
    const manifests = render((chart) => {
      const client = component(chart);
      client.connectTo(Endpoint.host('a.example.com'));
      client.allowEgressTo(Endpoint.anyHost());
      client.connectTo(Endpoint.host('mail.example.com', 587, 'smtp'));
    });
    expect(egressOf(manifests, 'demo').map(({ ports }: { ports: object[] }) => ports)).toEqual([
      [{ port: 443, protocol: 'TCP' }],
      [{ port: 587, protocol: 'TCP' }],
    ]);
  });

  test('has addresses and no Service', () => {
    const connection = component(testChart()).connectTo(Endpoint.host('hooks.example.com'));
    expect(connection.url('/push')).toBe('https://hooks.example.com:443/push');
    expect(connection.service).toBeUndefined();
    expect(connection.replicas).toEqual([]);
  });
});

describe('the server of a URL', () => {
  test.each([
    ['https://shop.example.com/health', 443],
    ['https://shop.example.com:8443/health', 8443],
    ['http://shop.example.com', 80],
    ['http://shop.example.com:9009/push', 9009],
  ])('%s is reached on port %i', (url, port) => {
    const [rule] = egressTo(Endpoint.url(url));
    expect(rule).toMatchObject({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port, protocol: 'TCP' }] });
    expect(component(testChart()).connectTo(Endpoint.url(url))).toMatchObject({
      scheme: new URL(url).protocol.replace(':', ''),
      address: `shop.example.com:${port}`,
    });
  });

  test('is reached in the ranges that hold it', () => {
    expect(egressTo(Endpoint.url('http://mimir.internal:9009', ['10.77.0.0/16']))).toEqual([
      { to: [{ ipBlock: { cidr: '10.77.0.0/16' } }], ports: [{ port: 9009, protocol: 'TCP' }] },
    ]);
  });

  test.each([
    'shop.example.com',
    'localhost:3000',
    'ftp://shop.example.com',
    'https://',
    'https://a.example\n.com',
    '',
  ])('is refused when the URL is %j', (url) => {
    expect(() => Endpoint.url(url)).toThrow(
      `url is ${JSON.stringify(url)}: write a URL, e.g. https://hooks.example.com/alerts`,
    );
  });
});

describe('a host with a private address', () => {
  const ranges = ['10.7.0.0/16', '10.8.0.1/32'];
  const to = [{ ipBlock: { cidr: '10.7.0.0/16' } }, { ipBlock: { cidr: '10.8.0.1/32' } }];

  test('is reached on its port in the ranges that hold it and nowhere else', () => {
    expect(egressTo(Endpoint.host('mimir.internal', 8443, 'https', ranges))).toEqual([
      { to, ports: [{ port: 8443, protocol: 'TCP' }] },
    ]);
  });

  test('may be in the Secret only', () => {
    expect(egressTo(Endpoint.anyHost(8080, ranges))).toEqual([{ to, ports: [{ port: 8080, protocol: 'TCP' }] }]);
  });
});

describe('the cluster itself', () => {
  test('nodes are reached on one port, in the ranges that hold them', () => {
    expect(egressTo(Endpoint.nodes(10250, ['10.1.0.0/16']))).toEqual([
      { to: [{ ipBlock: { cidr: '10.1.0.0/16' } }], ports: [{ port: 10250, protocol: 'TCP' }] },
    ]);
  });

  test('the API server is reached on every port that a distribution gives it', () => {
    expect(egressTo(Endpoint.kubernetesApi(['10.1.0.0/16']))).toEqual([
      {
        to: [{ ipBlock: { cidr: '10.1.0.0/16' } }],
        ports: [
          { port: 443, protocol: 'TCP' },
          { port: 6443, protocol: 'TCP' },
          { port: 8443, protocol: 'TCP' },
        ],
      },
    ]);
  });
});

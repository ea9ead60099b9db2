import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server as TcpServer } from 'node:net';
import { dnsModule, httpModule, icmpModule, type Probe, PrometheusStack, tcpModule } from '../../constructs';
import type { PrometheusConfig } from '../../formats/prometheus';
import { toYaml } from '../../formats/yaml';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { configFiles } from '../../testing/manifests';
import { render } from '../../testing/render';
import { answers, freePorts, getJson, type Server, startServer, waitFor } from '../../testing/server';
import { serverConfig } from '../support/server-config';

const LOOPBACK = '127.0.0.1';

/** An answer to any query: one record A, 192.0.2.7. https://www.rfc-editor.org/rfc/rfc1035#section-4 */
function dnsAnswer(query: Buffer): Buffer {
  const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
  // The name is a list of labels with their lengths; type and class follow.
  let end = 12;
  while (query[end]! > 0) {
    end += query[end]! + 1;
  }
  const question = query.subarray(12, end + 5);
  return Buffer.concat([query.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]), question, answer]);
}

describe('The probes of PrometheusStack, with a real exporter and a real Prometheus', () => {
  const root = temporaryDirectory();
  const servers: Server[] = [];
  const listeners: (TcpServer | ReturnType<typeof createSocket>)[] = [];
  let prometheus = '';
  let ports: { http: number; tcp: number; closed: number; dns: number };

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    for (const listener of listeners) {
      listener.close();
    }
  });

  beforeAll(async () => {
    const [http, tcp, closed, dns, exporter, server] = await freePorts(6);
    ports = { http: http!, tcp: tcp!, closed: closed!, dns: dns! };
    const site = createHttpServer(({ url }, response) => {
      const [status, headers] = { '/old': [301, { location: '/new' }], '/admin': [401, {}] }[url ?? ''] ?? [200, {}];
      response.writeHead(status as number, headers as Record<string, string>).end();
    });
    const names = createSocket('udp4').on('message', (query, { port }) => names.send(dnsAnswer(query), port, LOOPBACK));
    listeners.push(site.listen(http, LOOPBACK), createServer().listen(tcp, LOOPBACK), names);
    await new Promise<void>((bound) => names.bind(dns, LOOPBACK, bound));

    const manifests = render((chart) => {
      new PrometheusStack(chart, 'stack', {
        platform: 'eks',
        externalUrl: 'https://prometheus.example.com',
        externalLabels: {},
        watchedNamespaces: ['shop'],
        probes: probes(),
      });
    });
    const config = writeInto(root, 'blackbox.yml', configFiles(manifests, 'blackbox-exporter')['config.yml']!);
    servers.push(
      await startServer('blackbox-exporter', {
        command: 'blackbox_exporter',
        args: [`--config.file=${config}`, `--web.listen-address=${LOOPBACK}:${exporter}`],
        ready: () => answers(`http://${LOOPBACK}:${exporter}/-/healthy`),
      }),
    );
    const written = serverConfig(manifests, 'prometheus-config', 'prometheus.yml') as PrometheusConfig;
    const job = written.scrape_configs.find(({ job_name }) => job_name === 'blackbox-http')!;
    const local = {
      scrape_configs: [
        {
          ...job,
          scrape_interval: '1s',
          scrape_timeout: '1s',
          relabel_configs: job.relabel_configs!.map((rule) =>
            rule.target_label === '__address__' ? { ...rule, replacement: `${LOOPBACK}:${exporter}` } : rule,
          ),
        },
      ],
    };
    servers.push(
      await startServer('prometheus', {
        command: 'prometheus',
        args: [
          `--config.file=${writeInto(root, 'prometheus.yml', toYaml(local))}`,
          `--storage.tsdb.path=${root}/tsdb`,
          `--web.listen-address=${LOOPBACK}:${server}`,
        ],
        ready: () => answers(`http://${LOOPBACK}:${server}/-/ready`),
      }),
    );
    prometheus = `http://${LOOPBACK}:${server}`;
  });

  const cidrs = ['127.0.0.0/8'];
  const at = (target: string) => [{ target, cidrs }];

  /** What must succeed, then what must fail. */
  function probes(): readonly Probe[] {
    const url = `http://${LOOPBACK}:${ports.http}`;
    const name = 'shop.example.com';
    return [
      { name: 'plain', module: httpModule(), targets: at(`${url}/`) },
      { name: 'closed-page', module: httpModule({ statusCodes: [401] }), targets: at(`${url}/admin`) },
      { name: 'moved', module: httpModule({ redirectTo: '/new' }), targets: at(`${url}/old`) },
      { name: 'port', module: tcpModule(), targets: at(`${LOOPBACK}:${ports.tcp}`) },
      {
        name: 'names',
        module: dnsModule({ name, answer: '192\\.0\\.2\\.7$' }),
        targets: at(`${LOOPBACK}:${ports.dns}`),
      },
      { name: 'reach', module: icmpModule(), targets: at(LOOPBACK) },
      { name: 'moved-elsewhere', module: httpModule({ redirectTo: '/other' }), targets: at(`${url}/old?elsewhere`) },
      { name: 'not-moved', module: httpModule({ redirectTo: '/new' }), targets: at(`${url}/stays`) },
      { name: 'closed-port', module: tcpModule(), targets: at(`${LOOPBACK}:${ports.closed}`) },
      {
        name: 'other-answer',
        module: dnsModule({ name: 'other.example.com', answer: '192\\.0\\.2\\.8$' }),
        targets: at(`${LOOPBACK}:${ports.dns}`),
      },
    ];
  }

  test('tell by the label instance what answers as expected, and what does not', async () => {
    const { http, tcp, closed, dns } = ports;
    const url = `http://${LOOPBACK}:${http}`;
    const expected = {
      [`${url}/`]: '1',
      [`${url}/admin`]: '1',
      [`${url}/old`]: '1',
      [`tcp://${LOOPBACK}:${tcp}`]: '1',
      [`dns://${LOOPBACK}:${dns}/shop.example.com?type=A`]: '1',
      [`icmp://${LOOPBACK}`]: '1',
      [`${url}/old?elsewhere`]: '0',
      [`${url}/stays`]: '0',
      [`tcp://${LOOPBACK}:${closed}`]: '0',
      [`dns://${LOOPBACK}:${dns}/other.example.com?type=A`]: '0',
    };
    const results = async () => {
      const { data } = await getJson<{
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      }>(`${prometheus}/api/v1/query?query=probe_success`);
      return data.result;
    };
    await waitFor('a result of every probe', async () => (await results()).length >= Object.keys(expected).length);
    const found = await results();
    expect(Object.fromEntries(found.map(({ metric, value }) => [metric.instance, value[1]]))).toEqual(expected);
    // Nothing of the relabelling is left in the series.
    expect([...new Set(found.flatMap(({ metric }) => Object.keys(metric)))].sort()).toEqual([
      '__name__',
      'instance',
      'job',
    ]);
  });
});

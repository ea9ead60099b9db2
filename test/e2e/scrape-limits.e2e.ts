import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { load } from 'js-yaml';
import type { PrometheusConfig, ScrapeConfig } from '../../formats/prometheus';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { configFiles, readManifests } from '../../testing/manifests';
import { startPrometheus } from '../../testing/prometheus';
import { getJson, waitFor } from '../../testing/server';

const { scrape_configs, global } = load(
  configFiles(readManifests(), 'prometheus-config')['prometheus.yml']!,
) as PrometheusConfig;
const job = (name: string): ScrapeConfig => scrape_configs.find(({ job_name }) => job_name === name)!;

/** Names of a certificate of a CDN: about 3,000 characters. */
const MANY_NAMES = Array.from({ length: 90 }, (_, n) => `customer-${n}.shops.example.com`).join(',');

/** A page of the blackbox exporter, and a page of any other exporter. */
const PAGES: { readonly [path: string]: (target: string) => string } = {
  '/probe': (target) => `probe_success 1
probe_ssl_earliest_cert_expiry 2000000000
probe_ssl_last_chain_info{fingerprint_sha256="ab",issuer="CN=ca",serialnumber="1",subject="CN=${target.slice(8, 20)}",subjectalternative="${target.includes('cdn') ? MANY_NAMES : 'api.example.com'}"} 1
`,
  '/metrics': () => `node_load1 0.5
node_filesystem_readonly{device="/dev/sda",fstype="ext4",mountpoint="/data/${'long-'.repeat(800)}"} 0
`,
};

/** Starts a server of those pages. */
async function startExporter() {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(PAGES[pathname]?.(searchParams.get('target') ?? '') ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, address: `127.0.0.1:${port}`, stop };
}

describe("The scrape jobs of dist in a real Prometheus, with a stand-in's page", () => {
  let exporter: Awaited<ReturnType<typeof startExporter>>;
  beforeAll(async () => {
    exporter = await startExporter();
  });
  afterAll(() => exporter.stop());

  const count = async (url: string, query: string): Promise<number> => {
    const path = `${url}/api/v1/query?query=${encodeURIComponent(query)}`;
    const { data } = await getJson<{ data: { result: { value: [number, string] }[] } }>(path);
    return Number(data.result[0]?.value[1] ?? 0);
  };
  const quick = { ...global, scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '2s' };

  it('probe a URL whose certificate has 90 names, and keep its chain without them', async () => {
    const { address } = exporter;
    const probes = job('blackbox-http');
    const { url } = await startPrometheus({
      global: quick,
      scrape_configs: [
        {
          ...probes,
          scrape_interval: '2s',
          static_configs: [{ targets: ['https://cdn.example.com/status', 'https://api.example.com/health'] }],
          relabel_configs: probes.relabel_configs?.map((rule) =>
            rule.target_label === '__address__' ? { ...rule, replacement: address } : rule,
          ),
        },
      ],
    });
    await waitFor('both probes', async () => (await count(url, 'count(up)')) === 2);
    expect(await count(url, 'sum(up)')).toBe(2);
    expect(await count(url, 'sum(probe_success)')).toBe(2);
    expect(await count(url, 'count(probe_ssl_last_chain_info)')).toBe(2);
    expect(await count(url, 'count(probe_ssl_last_chain_info{subjectalternative!=""})')).toBe(0);
  });

  /** Prometheus with the job `node-exporter`, and 501 nodes that all answer with the same page. */
  async function withNodes(changes: Partial<ScrapeConfig>): Promise<string> {
    const nodes = Array.from({ length: 501 }, (_, n) => ({
      targets: [exporter.address],
      labels: { instance: `node-${n}` },
    }));
    const file = writeInto(temporaryDirectory(), 'nodes.json', JSON.stringify(nodes));
    const { kubernetes_sd_configs: _discovery, relabel_configs: _relabelling, ...rest } = job('node-exporter');
    const { url } = await startPrometheus({
      global: quick,
      scrape_configs: [{ ...rest, file_sd_configs: [{ files: [file] }], ...changes }],
    });
    await waitFor('every node', async () => (await count(url, 'count(up)')) === 501);
    return url;
  }

  it('see every node of a cluster with 501 nodes, also with a mount point of 4,000 characters', async () => {
    const url = await withNodes({});
    expect(await count(url, 'sum(up)')).toBe(501);
    expect(await count(url, 'count(node_load1)')).toBe(501);
    expect(await count(url, 'count(node_filesystem_readonly)')).toBe(501);
  });

  it('would see none with a limit, of which the metrics of the alerts tell', async () => {
    const url = await withNodes({ target_limit: 500 });
    expect(await count(url, 'sum(up)')).toBe(0);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^prometheus_target_scrape_pool_targets\{scrape_job="node-exporter"\} 501$/m);
    expect(metrics).toMatch(/^prometheus_target_scrape_pool_target_limit\{scrape_job="node-exporter"\} 500$/m);
  });

  it('would lose a whole node to one long label if they had a limit on labels', async () => {
    const url = await withNodes({ label_value_length_limit: 1024 });
    expect(await count(url, 'sum(up)')).toBe(0);
  });

  it('report the limit on samples beside their number', async () => {
    const url = await withNodes({});
    expect(await count(url, 'max(scrape_sample_limit)')).toBe(20_000);
    expect(await count(url, 'max(scrape_samples_post_metric_relabeling)')).toBe(2);
  });
});

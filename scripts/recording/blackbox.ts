import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { PrometheusConfig } from '../../formats/prometheus';
import { writeInto } from '../../testing/files';
import { configFiles } from '../../testing/manifests';
import { page, type Recorder, type RecordingContext, type Running, startDeployed } from './recording';

/** The exporter's own metrics, and those of a probe with the module of the scrape job. */
export const recordBlackbox: Recorder = async (context) => {
  const { manifests, root } = context;
  writeInto(root, 'etc/blackbox-exporter/config.yml', configFiles(manifests, 'blackbox-exporter')['config.yml']!);
  const site = await startSite(root);
  const exporter = await startDeployed(context, 'blackbox_exporter', {
    component: 'blackbox-exporter',
    args: (deployed, port) => [...deployed, `--web.listen-address=127.0.0.1:${port}`],
    // The exporter trusts the site's certificate.
    env: { SSL_CERT_FILE: site.certificate },
  });
  const probe = await page(probeUrl(context, exporter, site.url));
  const own = await page(exporter.url);
  site.stop();
  return [
    { job: 'blackbox-http', tool: 'blackbox_exporter', pages: [probe] },
    { job: 'blackbox-exporter', tool: 'blackbox_exporter', pages: [own] },
  ];
};

/** URL with which the scrape job probes a site. */
function probeUrl({ manifests }: RecordingContext, exporter: Running, target: string): string {
  const config = load(configFiles(manifests, 'prometheus-config')['prometheus.yml']!) as PrometheusConfig;
  const job = config.scrape_configs.find(({ job_name }) => job_name === 'blackbox-http')!;
  const query = new URLSearchParams({ module: job.params!.module![0]!, target });
  return `http://${exporter.address}${job.metrics_path}?${query}`;
}

/** Serves a page over TLS on loopback. */
async function startSite(root: string): Promise<{ url: string; certificate: string; stop: () => void }> {
  const [key, certificate] = [join(root, 'site.key'), join(root, 'site.crt')];
  execFileSync(
    '/usr/bin/openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
    ],
    { stdio: 'pipe' },
  );
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_request, response) => {
    response.writeHead(200, { 'last-modified': new Date(0).toUTCString() }).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, certificate, stop };
}

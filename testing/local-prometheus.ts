import { join } from 'node:path';
import type { PrometheusConfig, ScrapeConfig } from '../formats/prometheus';
import { discoveredLabels } from './deployed';
import type { Kubernetes } from './kubernetes';

/** Where things are on this machine. Addresses are `host:port`. */
export interface LocalAddresses {
  /** API server for discovery. */
  readonly kubernetes: Kubernetes;
  /** Directory that stands for the root of the container. */
  readonly root: string;
  readonly alertmanagers: readonly string[];
  /** The only target of a job, by the job's name. All other jobs discover theirs. */
  readonly targets: Readonly<Record<string, string>>;
}

/** The synthesized configuration for a Prometheus on this machine, with intervals of two seconds. */
export function localConfig(config: PrometheusConfig, addresses: LocalAddresses): PrometheusConfig {
  const { kubernetes, root, alertmanagers, targets } = addresses;
  const discovery = {
    api_server: kubernetes.url,
    authorization: { credentials_file: join(root, 'var/run/secrets/kubernetes.io/serviceaccount/token') },
    tls_config: { insecure_skip_verify: true },
  };
  const scrape_configs = config.scrape_configs.map((job): ScrapeConfig => {
    const tls_config = job.tls_config && { insecure_skip_verify: true };
    const target = targets[job.job_name];
    const { kubernetes_sd_configs, ...rest } = job;
    return target
      ? { ...rest, tls_config, static_configs: [{ targets: [target], labels: discoveredLabels(job) }] }
      : { ...job, tls_config, kubernetes_sd_configs: kubernetes_sd_configs?.map((sd) => ({ ...sd, ...discovery })) };
  });
  return {
    ...config,
    global: { ...config.global, scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '2s' },
    alerting: {
      ...config.alerting!,
      alertmanagers: [{ api_version: 'v2', scheme: 'http', static_configs: [{ targets: alertmanagers }] }],
    },
    scrape_configs,
  };
}

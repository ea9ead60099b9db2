import { type Credentials, httpUrl, type PodOptions, SettingError } from '../kit';
import {
  checkCidrs,
  checkCount,
  checkCredentials,
  checkDuration,
  checkExternalLabels,
  checkNamespace,
  privateHost,
  secondsOf,
} from '../kit/checks';
import { serverOf } from '../kit/url';
import { REPLICA_LABEL, type ScrapeConfig } from './prometheus-config';
import type { JobLimits } from './prometheus-props';
import { checkRemoteWrites, type RemoteWrite } from './remote-write';

/** The props that are checked. */
export interface CheckedPrometheus {
  readonly externalUrl: string;
  readonly externalLabels: { readonly [label: string]: string };
  readonly replicas?: number;
  readonly intervalSeconds?: number;
  readonly limits?: JobLimits;
  readonly credentials?: Credentials;
  readonly apiCidrs?: readonly string[];
  readonly remoteWrites?: readonly RemoteWrite[];
  readonly pod?: PodOptions;
}

const SERVER_ONLY =
  'remove it: an agent has no rules and no volume of blocks; use remoteWrites and a short retentionDays';

/**
 * Checks the props of a Prometheus, except the load, which `sizePrometheus()` checks.
 *
 * @throws SettingError
 */
export function checkPrometheus(props: CheckedPrometheus): void {
  httpUrl('externalUrl', props.externalUrl, 'https://prometheus.example.com');
  checkExternalLabels('externalLabels', props.externalLabels);
  if (REPLICA_LABEL in props.externalLabels) {
    throw new SettingError('externalLabels', REPLICA_LABEL, 'remove it: it tells the replicas apart');
  }
  if (props.replicas !== undefined) {
    checkCount('replicas', props.replicas);
  }
  if (props.intervalSeconds !== undefined && props.intervalSeconds > LONGEST_INTERVAL) {
    throw new SettingError(
      'intervalSeconds',
      props.intervalSeconds,
      `queries see a sample for five minutes, and one scrape may fail; write at most ${LONGEST_INTERVAL}`,
    );
  }
  checkLimits(props.limits);
  checkCredentials('credentials', props.credentials);
  checkCidrs('apiCidrs', props.apiCidrs);
  checkRemoteWrites(props.remoteWrites ?? []);
  // An agent refuses flags and settings that the construct writes, and does not start.
  const agent = props.pod?.extraArgs?.find((argument) => /^--agent(=|$)/.test(argument));
  if (agent !== undefined) {
    throw new SettingError('pod.extraArgs', agent, SERVER_ONLY);
  }
}

/** Half of `--query.lookback-delta`. */
const LONGEST_INTERVAL = 150;

function checkLimits({ jobs = {}, ...limits }: JobLimits = {}): void {
  for (const [job, given] of Object.entries({ '': limits, ...jobs })) {
    for (const [name, limit] of Object.entries(given)) {
      const setting = job === '' ? `limits.${name}` : `limits.jobs.${job}.${name}`;
      if (name === 'body_size_limit') {
        if (!/^(0|\d+([KMGT]i?)?B)$/.test(String(limit))) {
          throw new SettingError(setting, limit, 'write a number of bytes with its unit, e.g. 50MB');
        }
      } else if (!Number.isInteger(limit) || Number(limit) < 0) {
        throw new SettingError(setting, limit, 'write a whole number, or 0 for no limit');
      }
    }
  }
}

/**
 * Checks that the jobs with limits of their own exist.
 *
 * @throws SettingError for a name that is no scrape job
 */
export function checkLimitedJobs(limits: JobLimits | undefined, jobNames: readonly string[]): void {
  const unknown = Object.keys(limits?.jobs ?? {}).find((job) => !jobNames.includes(job));
  if (unknown !== undefined) {
    throw new SettingError('limits.jobs', unknown, `write one of ${jobNames.join(', ')}`);
  }
}

/**
 * Checks the durations of a scrape job, and the namespaces of its discovery.
 *
 * @param options scrape interval of a job that sets none, and whether discovery may leave out its namespaces
 * @throws SettingError
 */
export function checkScrapeConfig(
  config: ScrapeConfig,
  { intervalSeconds, allNamespaces }: { readonly intervalSeconds: number; readonly allNamespaces: boolean },
): void {
  const { scrape_interval = `${intervalSeconds}s`, scrape_timeout } = config;
  checkDuration('scrape_interval', scrape_interval);
  if (scrape_timeout !== undefined) {
    checkDuration('scrape_timeout', scrape_timeout);
    if (secondsOf(scrape_timeout) > secondsOf(scrape_interval)) {
      throw new SettingError('scrape_timeout', scrape_timeout, `write at most the scrape interval, ${scrape_interval}`);
    }
  }
  for (const { role, namespaces, api_server, kubeconfig_file } of config.kubernetes_sd_configs ?? []) {
    const names = namespaces?.names ?? [];
    const isHere = api_server === undefined && kubeconfig_file === undefined;
    if (isHere && role !== 'node' && names.length === 0 && !namespaces?.own_namespace && !allNamespaces) {
      throw new SettingError(
        'kubernetes_sd_configs.namespaces',
        namespaces,
        'name the namespaces, in which Prometheus gets the right to discover targets, or pass { allNamespaces: true }',
      );
    }
    for (const name of names) {
      checkNamespace('kubernetes_sd_configs.namespaces', name);
    }
  }
}

/** A URL to probe, and where its server is. */
export interface ProbedUrl {
  /** An `https://` URL. */
  readonly url: string;
  /** Ranges that hold the server's addresses. Required for a private host. @default - the Internet */
  readonly cidrs?: readonly string[];
}

/**
 * Checks a URL to probe.
 *
 * @param setting the setting that lists the URLs
 * @throws SettingError for anything but `https`: the probe fails without verified TLS
 * @throws SettingError for a private host without ranges: the probe could not reach it
 */
export function checkProbedUrl(setting: string, { url, cidrs }: ProbedUrl): void {
  const parsed = httpUrl(setting, url, 'https://shop.example.com/health');
  if (parsed.protocol !== 'https:') {
    throw new SettingError(setting, url, 'write a URL that begins with https://: probes fail without verified TLS');
  }
  checkCidrs(`${setting}.cidrs`, cidrs);
  const { host } = serverOf(parsed);
  const reason = cidrs === undefined ? privateHost(host) : undefined;
  if (reason !== undefined) {
    throw new SettingError(
      setting,
      url,
      `${host} is ${reason}, and probes reach the Internet only; write { url, cidrs } with the ranges that hold it`,
    );
  }
}

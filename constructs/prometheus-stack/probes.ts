import type { BlackboxExporter, ProbeModule, ProbeTarget } from '../blackbox-exporter';
import { DuplicateNameError, Endpoint, SettingError } from '../kit';
import { checkName } from '../kit/checks';
import { inSettings } from '../kit/setting-path';
import type { Prometheus } from './prometheus';
import { checkProbedUrl, type ProbedUrl } from './prometheus-checks';
import { type ProbedGroup, probeJob } from './scrape-jobs';

/** Targets that are probed in one way. */
export interface Probe {
  /** Name of the module in the blackbox exporter, e.g. `postgres`: lower-case letters, digits and dashes. */
  readonly name: string;
  /** How they are probed, e.g. `tcpModule()`. */
  readonly module: ProbeModule;
  /** The targets, at least one, e.g. `db.example.com:5432`. One with a private address needs `cidrs` or `pods`. */
  readonly targets: readonly (string | ProbeTarget)[];
}

/** What is probed. */
export interface ProbesProps {
  readonly probedUrls?: readonly (string | ProbedUrl)[];
  readonly probes?: readonly Probe[];
}

/** Job of all probes: the shipped rules read it, whatever the kind of the probe. */
const PROBE_JOB = 'blackbox-http';

/**
 * Scrapes the probes of URLs and of other targets, in one job.
 *
 * @throws SettingError for a target that is invalid or would not be reached
 * @throws DuplicateNameError for a target that is probed twice in the same way
 */
export function scrapeProbes(prometheus: Prometheus, exporter: BlackboxExporter, props: ProbesProps): void {
  const urls = (props.probedUrls ?? []).map((probed) => (typeof probed === 'string' ? { url: probed } : probed));
  for (const { url, cidrs } of urls) {
    exporter.component.allowEgressTo(Endpoint.url(url, cidrs));
  }
  const groups = (props.probes ?? []).map((probe, index) => addProbe(exporter, probe, `probes[${index}]`));
  checkUnique([
    ...urls.map(({ url }) => url),
    ...groups.flatMap(({ targets }) => targets.map(({ instance }) => instance)),
  ]);
  const { address } = prometheus.component.connectTo(exporter.endpoint);
  const job = probeJob(
    PROBE_JOB,
    address,
    exporter.httpModule,
    urls.map(({ url }) => url),
    groups,
  );
  prometheus.addScrapeConfig(job);
}

/**
 * Checks the URLs that are probed.
 *
 * @throws SettingError
 */
export function checkProbedUrls(probedUrls: readonly (string | ProbedUrl)[] = []): void {
  for (const probed of probedUrls) {
    checkProbedUrl('probedUrls', typeof probed === 'string' ? { url: probed } : probed);
  }
}

/** Whether anything is probed. */
export function hasProbes({ probedUrls = [], probes = [] }: ProbesProps): boolean {
  return probedUrls.length + probes.length > 0;
}

function addProbe(exporter: BlackboxExporter, { name, module, targets }: Probe, setting: string): ProbedGroup {
  if (targets.length === 0) {
    throw new SettingError(`${setting}.targets`, targets, 'name a target, or remove the probe');
  }
  inSettings(setting, () => {
    checkName('name', name);
    exporter.addModule(name, module, 'module');
    for (const target of targets) {
      exporter.addTarget(name, target, 'targets');
    }
  });
  return {
    module: name,
    targets: targets.map((target) => {
      const address = typeof target === 'string' ? target : target.target;
      return { address, instance: instanceOf(address, module) };
    }),
  };
}

/** What alerts call a target: a URL, for which the kind of the probe gives the scheme. */
function instanceOf(address: string, { prober, dns }: ProbeModule): string {
  switch (prober) {
    case 'http':
      return address;
    case 'dns':
      return `dns://${address}/${dns?.query_name}?type=${dns?.query_type ?? 'ANY'}`;
    default:
      return `${prober}://${address}`;
  }
}

/** Alerts tell probes apart by the label `instance`. */
function checkUnique(instances: readonly string[]): void {
  const repeated = instances.find((instance, index) => instances.indexOf(instance) !== index);
  if (repeated !== undefined) {
    throw new DuplicateNameError('probe of', repeated, 'remove one of them');
  }
}

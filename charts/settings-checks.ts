import { httpUrl, PLATFORMS, type Platform, SettingError } from '../constructs';
import { checkSlackChannel as checkChannelName } from '../constructs/alert-routing/alert-routing-checks';
import {
  checkCidrs,
  checkExternalLabel,
  checkLabelValue,
  checkNamespace,
  checkObjectName,
  checkPort,
} from '../constructs/kit/checks';
import { checkClusterNetwork } from '../constructs/kit/cluster-network';
import { checkScheduling } from '../constructs/kit/scheduling';
import { checkApiStated } from '../constructs/prometheus-stack/platform';
import { checkProbedUrl } from '../constructs/prometheus-stack/prometheus-checks';
import type {
  ApplicationSettings,
  LinkSettings,
  LogSettings,
  MonitoringInput,
  MonitoringSettings,
  NetworkSettings,
  TraceSettings,
} from './settings';

/** A name that PostgreSQL takes without quotes. https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
const SQL_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Checks the settings, each by itself and against the others.
 *
 * @throws SettingError for the first one that cannot work
 */
export function checkSettings(settings: MonitoringSettings): void {
  checkNamespaces(settings);
  checkScheduling('scheduling', settings.scheduling);
  checkIdentity(settings);
  checkNetwork(settings);
  checkDatabase(settings.application);
  checkLogs(settings);
  checkTraces(settings);
  checkLinks(settings.links);
  checkSlackChannel(settings);
  checkLoadBalancers(settings);
  checkProbedUrls(settings.application);
}

function checkNamespaces({ namespace, nodeNamespace, application }: MonitoringSettings): void {
  const namespaces = { namespace, nodeNamespace, 'application.namespace': application.namespace };
  for (const [setting, value] of Object.entries(namespaces)) {
    checkNamespace(setting, value);
  }
  if (new Set(Object.values(namespaces)).size < 3) {
    throw new SettingError(
      'nodeNamespace',
      nodeNamespace,
      'the namespaces of the platform, its node agents and the application must differ',
    );
  }
}

/** The labels of every alert and of every object, and names of objects. */
function checkIdentity(settings: MonitoringSettings): void {
  const { cluster, environment, region, partOf, storageClass, credentials } = settings;
  for (const [setting, value] of Object.entries({ cluster, environment, region })) {
    checkExternalLabel(setting, value);
  }
  checkLabelValue('partOf', partOf);
  checkObjectName('credentials.secretName', credentials.secretName);
  // An empty name stands for volumes without a class.
  if (storageClass) {
    checkObjectName('storageClass', storageClass);
  }
}

/**
 * Checks what must be stated because no default can be right.
 *
 * @throws SettingError for an API server that may be public, and for IPv6 on EKS, whose addresses are public ones
 */
export function checkStatedNetwork({ platform, network = {} }: MonitoringInput): void {
  checkPlatform(platform);
  checkClusterNetwork('network', network);
  checkApiStated('network.apiCidrs', platform, network);
  const { policies = 'kubernetes', ipFamilies = [], nodeCidrs, apiCidrs } = network;
  if (platform !== 'eks' || policies !== 'kubernetes' || !ipFamilies.includes('IPv6')) {
    return;
  }
  for (const [name, cidrs] of Object.entries({ nodeCidrs, apiCidrs })) {
    if (cidrs === undefined) {
      const fix =
        "write the VPC's IPv6 range, e.g. 2001:db8:1234:1a00::/56: on EKS, IPv6 addresses are not private ones";
      throw new SettingError(`network.${name}`, cidrs, fix);
    }
  }
}

function checkPlatform(platform: Platform): void {
  if (!PLATFORMS.includes(platform)) {
    throw new SettingError('platform', platform, `write one of ${PLATFORMS.join(', ')}`);
  }
}

function checkIngress({ policies, ingress }: NetworkSettings): void {
  for (const client of ingress) {
    if ('cidrs' in client) {
      checkCidrs('network.ingress.cidrs', client.cidrs);
    } else if ('entities' in client) {
      if (policies !== 'cilium' || client.entities.length === 0) {
        const fix = "name an entity, e.g. ingress, and write network.policies: 'cilium'; or write cidrs";
        throw new SettingError('network.ingress.entities', client.entities, fix);
      }
    } else {
      checkNamespace('network.ingress.namespace', client.namespace);
    }
  }
}

function checkNetwork({ network, metrics: { fileTargets } }: MonitoringSettings): void {
  checkIngress(network);
  checkCidrs('metrics.fileTargets.cidrs', fileTargets.cidrs);
  for (const port of fileTargets.ports) {
    checkPort('metrics.fileTargets.ports', port);
  }
}

function checkTraces({ traces: { mode } }: MonitoringSettings): void {
  if (!TRACE_MODES.includes(mode)) {
    throw new SettingError('traces.mode', mode, `write one of ${TRACE_MODES.join(', ')}`);
  }
}

const TRACE_MODES: readonly TraceSettings['mode'][] = ['off', 'jaeger'];

const LOG_MODES: readonly LogSettings['mode'][] = ['off', 'monolithic', 'replicated'];

const NATIONAL_IDS: readonly LogSettings['nationalIds'][number][] = ['us', 'gb', 'es', 'it', 'br'];
const COLLECTORS: readonly LogSettings['collector'][] = ['opentelemetry', 'promtail'];

function checkLogs({ logs: { mode, collector, nationalIds } }: MonitoringSettings): void {
  if (!LOG_MODES.includes(mode)) {
    throw new SettingError('logs.mode', mode, `write one of ${LOG_MODES.join(', ')}`);
  }
  if (!COLLECTORS.includes(collector)) {
    throw new SettingError('logs.collector', collector, `write one of ${COLLECTORS.join(', ')}`);
  }
  const unknown = nationalIds.find((country) => !NATIONAL_IDS.includes(country));
  if (unknown !== undefined) {
    throw new SettingError('logs.nationalIds', unknown, `write countries of ${NATIONAL_IDS.join(', ')}`);
  }
}

function checkDatabase({ database }: ApplicationSettings): void {
  if (!SQL_NAME.test(database)) {
    throw new SettingError(
      'application.database',
      database,
      'write a PostgreSQL name that needs no quotes: lower-case letters, digits and underscores',
    );
  }
}

function checkLinks(links: LinkSettings): void {
  for (const [name, value] of Object.entries(links)) {
    httpUrl(`links.${name}`, value, 'https://grafana.sightedit.com');
  }
  if (/[#;]/.test(links.grafana)) {
    throw new SettingError(
      'links.grafana',
      links.grafana,
      'write a URL without # and ;, which start comments in grafana.ini',
    );
  }
}

function checkSlackChannel({ remediation, alerting }: MonitoringSettings): void {
  if (remediation.slackChannel && alerting.channels.slack?.kind !== 'app') {
    throw new SettingError(
      'remediation.slackChannel',
      remediation.slackChannel,
      "posting needs a bot token: write alerting.channels.slack: { kind: 'app' }, or remove slackChannel",
    );
  }
  if (remediation.slackChannel !== undefined) {
    checkChannelName('remediation.slackChannel', remediation.slackChannel);
  }
}

/** The policy block-address needs them. */
function checkLoadBalancers({ remediation: { loadBalancers } }: MonitoringSettings): void {
  if (loadBalancers === undefined) {
    throw new SettingError(
      'remediation.loadBalancers',
      undefined,
      "write the public addresses of the load balancers in front of the application, e.g. ['203.0.113.10/32'], " +
        'or [] if they have only private ones',
    );
  }
}

function checkProbedUrls({ probedUrls }: ApplicationSettings): void {
  if (probedUrls.length === 0) {
    throw new SettingError(
      'application.probedUrls',
      probedUrls,
      'name a URL that users open, e.g. https://api.sightedit.com/health',
    );
  }
  for (const probed of probedUrls) {
    checkProbedUrl('application.probedUrls', typeof probed === 'string' ? { url: probed } : probed);
  }
}

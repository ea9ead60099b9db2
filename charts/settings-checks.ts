import { httpUrl, PLATFORMS, SettingError } from '../constructs';
import {
  checkCidrs,
  checkExternalLabel,
  checkLabelValue,
  checkNamespace,
  checkObjectName,
  checkPort,
} from '../constructs/kit/checks';
import { checkProbedUrl } from '../constructs/prometheus-stack/prometheus-checks';
import type { ApplicationSettings, LinkSettings, MonitoringSettings } from './settings';

/** A name that PostgreSQL takes without quotes. https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
const SQL_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Checks the settings, each by itself and against the others.
 *
 * @throws SettingError for the first one that cannot work
 */
export function checkSettings(settings: MonitoringSettings): void {
  if (!PLATFORMS.includes(settings.platform)) {
    throw new SettingError('platform', settings.platform, `write one of ${PLATFORMS.join(', ')}`);
  }
  checkNamespaces(settings);
  checkIdentity(settings);
  checkNetwork(settings);
  checkDatabase(settings.application);
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

/** The labels of every alert and of every object, and the name of the Secret. */
function checkIdentity({ cluster, environment, region, partOf, credentials }: MonitoringSettings): void {
  for (const [setting, value] of Object.entries({ cluster, environment, region })) {
    checkExternalLabel(setting, value);
  }
  checkLabelValue('partOf', partOf);
  checkObjectName('credentials.secretName', credentials.secretName);
}

function checkNetwork({ network, metrics: { fileTargets } }: MonitoringSettings): void {
  checkCidrs('network.nodeCidrs', network.nodeCidrs);
  checkCidrs('network.apiCidrs', network.apiCidrs);
  checkCidrs('metrics.fileTargets.cidrs', fileTargets.cidrs);
  for (const port of fileTargets.ports) {
    checkPort('metrics.fileTargets.ports', port);
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
}

function checkSlackChannel({ remediation, alerting }: MonitoringSettings): void {
  if (remediation.slackChannel && alerting.channels.slack?.kind !== 'app') {
    throw new SettingError(
      'remediation.slackChannel',
      remediation.slackChannel,
      "posting needs a bot token: write alerting.channels.slack: { kind: 'app' }, or remove slackChannel",
    );
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

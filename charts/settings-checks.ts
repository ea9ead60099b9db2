import { httpUrl, PLATFORMS, SettingError } from '../constructs';
import { checkSlackChannel as checkChannelName } from '../constructs/alert-routing/alert-routing-checks';
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

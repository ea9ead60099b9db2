import { httpUrl, PLATFORMS, SettingError } from '../constructs';
import type { ApplicationSettings, LinkSettings, MonitoringSettings } from './settings';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

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
  checkDatabase(settings.application);
  checkLinks(settings.links);
  checkSlackChannel(settings);
  checkProbedUrls(settings.application);
}

function checkNamespaces({ namespace, nodeNamespace, application }: MonitoringSettings): void {
  const namespaces = { namespace, nodeNamespace, 'application.namespace': application.namespace };
  for (const [setting, value] of Object.entries(namespaces)) {
    if (!DNS_LABEL.test(value)) {
      throw new SettingError(setting, value, 'write a DNS label: lower-case letters, digits and dashes');
    }
  }
  if (new Set(Object.values(namespaces)).size < 3) {
    throw new SettingError(
      'nodeNamespace',
      nodeNamespace,
      'the namespaces of the platform, its node agents and the application must differ',
    );
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

function checkProbedUrls({ probedUrls }: ApplicationSettings): void {
  if (probedUrls.length === 0) {
    throw new SettingError(
      'application.probedUrls',
      probedUrls,
      'name a URL that users open, e.g. https://api.sightedit.com/health',
    );
  }
  for (const url of probedUrls) {
    if (!url.startsWith('https://') || !URL.canParse(url)) {
      throw new SettingError('application.probedUrls', url, 'write a URL that begins with https://');
    }
  }
}

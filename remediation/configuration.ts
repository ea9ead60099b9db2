import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { ACTIONS } from './actions';
import { ownAlertsSchema } from './audit/own-alerts';
import { type ConnectionSettings, connectionSettings } from './clients/settings';
import type { KubernetesConnection } from './kubernetes';
import { limitsSchema } from './limits';
import { policyOptions, type RemediationPolicy } from './policy';
import { port, positiveInteger, text } from './schema';

const policy = v.variant(
  'action',
  ACTIONS.map(({ kind, parameters }) => v.object({ ...policyOptions.entries, action: v.literal(kind), parameters })),
);

const configuration = v.strictObject({
  /** `dry-run` asks the targets what would happen; `active` changes them. */
  mode: v.picklist(['dry-run', 'active']),
  /** Namespace of the records, locks and kill switch: the server's own. */
  namespace: text,
  /** Name of the kill switch, a ConfigMap. */
  killSwitch: text,
  port,
  /** HTTPS port and certificate. With it, notifications are accepted over HTTPS only. */
  tls: v.optional(v.object({ port, certificateFile: text, keyFile: text })),
  /** Who may notify, checked by TokenReview. It is required: there is no anonymous access. */
  authentication: v.object({ audience: text, subjects: v.pipe(v.array(text), v.minLength(1)) }),
  /** URLs of the Prometheus replicas. */
  prometheus: v.pipe(v.array(text), v.minLength(1)),
  /** URLs of Loki: the replicas that answer queries, and those that evaluate rules. @default - logs are not read */
  loki: v.optional(
    v.object({
      queries: v.pipe(v.array(text), v.minLength(1)),
      rules: v.pipe(v.array(text), v.minLength(1)),
    }),
  ),
  /** URL of the look-up of addresses. @default - there is no threat intelligence */
  threats: v.optional(text),
  /** URLs of the Alertmanagers to raise alerts at. */
  alertmanagers: v.array(text),
  /** Labels that Prometheus adds to every alert. The server's own alerts carry them too. */
  externalLabels: v.record(v.string(), v.string()),
  /** Labels of alerts that `alert_relabel_configs` add, change or drop. @default - none */
  relabelledLabels: v.optional(v.array(text)),
  /** Labels of the rules whose alerts the server raises itself. */
  ownAlerts: ownAlertsSchema,
  /** Links in the server's own alerts: the runbooks, without the alert's name, and a dashboard. */
  links: v.optional(v.object({ runbooks: v.optional(text), dashboard: v.optional(text) })),
  slack: v.optional(v.object({ channel: text, tokenFile: text, url: v.optional(text) })),
  /** Receiver of spans, OTLP over HTTP: `http://host:4318`. */
  otlp: v.optional(text),
  /** Directory of the runbooks. */
  runbooks: v.optional(text),
  limits: limitsSchema,
  retention: v.object({ days: positiveInteger, records: positiveInteger }),
  policies: v.array(policy),
  connections: connectionSettings,
  /** How to reach the API server. @default - the in-cluster configuration of a pod */
  kubernetes: v.optional(v.object({ url: text, caFile: text, tokenFile: text })),
});

/** The server's configuration. `RemediationWebhook` writes it, and the server reads it. */
export interface Configuration
  extends Omit<v.InferInput<typeof configuration>, 'policies' | 'connections' | 'kubernetes'> {
  readonly policies: readonly RemediationPolicy[];
  readonly connections: ConnectionSettings;
  readonly kubernetes?: KubernetesConnection;
}

/** An invalid configuration. The message names each wrong setting, its value and what is expected. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads a configuration from a JSON file.
 *
 * @throws ConfigurationError when the file cannot be read or the configuration is invalid
 */
export function readConfiguration(path: string): Configuration {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${(error as Error).message}`);
  }
  return checkConfiguration(document);
}

/**
 * Checks a configuration, and fills in the defaults of its policies.
 *
 * @throws ConfigurationError when it is invalid
 */
export function checkConfiguration(document: unknown): Configuration {
  const result = v.safeParse(configuration, document);
  if (!result.success) {
    const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`);
    throw new ConfigurationError(`The configuration is invalid:\n  ${problems.join('\n  ')}`);
  }
  const names = result.output.policies.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated) {
    throw new ConfigurationError(`The configuration is invalid:\n  policies: duplicate name ${repeated}`);
  }
  return result.output as Configuration;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The API server as a pod finds it. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 *
 * @throws ConfigurationError outside a pod
 */
export function inClusterConnection(env: NodeJS.ProcessEnv): KubernetesConnection {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host) {
    throw new ConfigurationError(
      'KUBERNETES_SERVICE_HOST is not set: run in a pod, or set "kubernetes" in the configuration',
    );
  }
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caFile: `${SERVICE_ACCOUNT}/ca.crt`,
    tokenFile: `${SERVICE_ACCOUNT}/token`,
  };
}

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { ACTIONS } from './actions';
import { type ConnectionSettings, connectionSettings } from './clients';
import type { KubernetesConnection } from './kubernetes';
import { limitsSchema } from './limits';
import { policyOptions, type RemediationPolicy } from './policy';
import { port, positiveInteger, text } from './schema';

const policy = v.variant(
  'action',
  ACTIONS.map(({ kind, parameters }) => v.object({ ...policyOptions.entries, action: v.literal(kind), parameters })),
);

const configuration = v.strictObject({
  /** `dry-run` asks targets what they would do; `active` changes them. */
  mode: v.picklist(['dry-run', 'active']),
  /** Namespace of records, locks and the kill switch: the webhook's own. */
  namespace: text,
  killSwitch: text,
  port,
  /** Where TLS is served, and with what; notifications are then taken there alone. */
  tls: v.optional(v.object({ port, certificateFile: text, keyFile: text })),
  /** Who may notify, by TokenReview: there is no way to do without. */
  authentication: v.object({ audience: text, subjects: v.pipe(v.array(text), v.minLength(1)) }),
  prometheus: v.pipe(v.array(text), v.minLength(1)),
  alertmanagers: v.array(text),
  /** Labels that Prometheus adds to every alert; an alert that is raised here has them too. */
  externalLabels: v.record(v.string(), v.string()),
  /** Where a page of a raised alert leads: the runbooks, without the alert's name, and a dashboard. */
  links: v.optional(v.object({ runbooks: v.optional(text), dashboard: v.optional(text) })),
  slack: v.optional(v.object({ channel: text, tokenFile: text, url: v.optional(text) })),
  /** Where spans are sent, OTLP over HTTP: `http://host:4318`. */
  otlp: v.optional(text),
  /** Directory of the runbooks. */
  runbooks: v.optional(text),
  limits: limitsSchema,
  retention: v.object({ days: positiveInteger, records: positiveInteger }),
  policies: v.array(policy),
  connections: connectionSettings,
  /** Where the API server is. Left out in a pod, which knows. */
  kubernetes: v.optional(v.object({ url: text, caFile: text, tokenFile: text })),
});

/** The server's configuration: what `RemediationWebhook` writes, and the server reads. */
export interface Configuration
  extends Omit<v.InferInput<typeof configuration>, 'policies' | 'connections' | 'kubernetes'> {
  readonly policies: readonly RemediationPolicy[];
  readonly connections: ConnectionSettings;
  readonly kubernetes?: KubernetesConnection;
}

/** A configuration that cannot be used. The message names each setting, its value and what is expected. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads a configuration, JSON.
 *
 * @throws ConfigurationError
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

/** @throws ConfigurationError */
export function checkConfiguration(document: unknown): Configuration {
  const result = v.safeParse(configuration, document);
  if (!result.success) {
    const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`);
    throw new ConfigurationError(`The configuration cannot be used:\n  ${problems.join('\n  ')}`);
  }
  const names = result.output.policies.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated) {
    throw new ConfigurationError(`The configuration cannot be used:\n  policies: ${repeated} is there twice`);
  }
  return result.output as Configuration;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server as a pod finds it. */
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

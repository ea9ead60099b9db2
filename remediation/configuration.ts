import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type ActionKind, actions } from './actions';
import type { ConnectionSettings } from './clients';
import type { KubernetesConnection } from './kubernetes';
import type { RemediationPolicy } from './policy';

const seconds = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const text = v.pipe(v.string(), v.nonEmpty());

const policy = v.object({
  name: v.pipe(v.string(), v.regex(/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/)),
  action: v.picklist(Object.keys(actions) as ActionKind[]),
  parameters: v.record(v.string(), v.unknown()),
  approval: v.boolean(),
  cooldownSeconds: seconds,
  budgetPerHour: count,
  timeoutSeconds: count,
  skipWhile: v.array(v.object({ name: text, query: text })),
  verification: v.optional(v.object({ query: text, stabilisationSeconds: seconds, withinSeconds: count })),
});

const tls = v.optional(v.object({ caFile: v.optional(text), verify: v.boolean() }));
const connection = v.variant('kind', [
  v.object({
    kind: v.literal('postgres'),
    host: text,
    port: count,
    database: text,
    user: text,
    passwordFile: v.optional(text),
    tls,
  }),
  v.object({
    kind: v.literal('redis'),
    host: text,
    port: count,
    user: v.optional(text),
    passwordFile: v.optional(text),
    database: v.optional(seconds),
    tls,
  }),
]);

const configuration = v.strictObject({
  /** `dry-run` asks targets what they would do; `active` changes them. */
  mode: v.picklist(['dry-run', 'active']),
  /** Namespace of records, locks and the kill switch: the webhook's own. */
  namespace: text,
  killSwitch: text,
  port: count,
  /** Where TLS is served, and with what; notifications are then taken there alone. */
  tls: v.optional(v.object({ port: count, certificateFile: text, keyFile: text })),
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
  limits: v.object({
    freshnessSeconds: seconds,
    approvalSeconds: seconds,
    budgetPerHour: count,
    circuitFailures: count,
    circuitOpenSeconds: seconds,
    /** Time after a final decision before the same alert is taken up again. */
    repeatSeconds: seconds,
    /** How often a change is looked at. */
    verificationIntervalSeconds: count,
    /** Time after which the work of a replica that died is taken over. */
    lockSeconds: count,
  }),
  retention: v.object({ days: count, records: count }),
  policies: v.array(policy),
  connections: v.record(v.string(), connection),
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

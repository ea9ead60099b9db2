import * as v from 'valibot';
import { nonNegativeInteger, port, text } from '../schema';

const tlsSettings = v.object({
  /** File of the certificate authority, PEM. @default - the system's authorities */
  caFile: v.optional(text),
  /** Whether the server's certificate is checked. */
  verify: v.boolean(),
});

const postgresSettings = v.object({
  kind: v.literal('postgres'),
  host: text,
  port,
  database: text,
  user: text,
  /** @default - no password */
  passwordFile: v.optional(text),
  /** @default - not encrypted */
  tls: v.optional(tlsSettings),
});

const redisSettings = v.object({
  kind: v.literal('redis'),
  host: text,
  port,
  /** @default - the default user */
  user: v.optional(text),
  /** @default - no password */
  passwordFile: v.optional(text),
  /** Number of the database. Any other than 0 needs the ACL permission `+select`. @default 0 */
  database: v.optional(nonNegativeInteger),
  /** @default - not encrypted */
  tls: v.optional(tlsSettings),
});

/** The servers that actions change beside Kubernetes, by the names that policies use. */
export const connectionSettings = v.record(v.string(), v.variant('kind', [postgresSettings, redisSettings]));

export type TlsSettings = Readonly<v.InferOutput<typeof tlsSettings>>;
export type PostgresSettings = Readonly<v.InferOutput<typeof postgresSettings>>;
export type RedisSettings = Readonly<v.InferOutput<typeof redisSettings>>;
export type ConnectionSettings = Readonly<v.InferOutput<typeof connectionSettings>>;

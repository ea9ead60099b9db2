import type { Construct } from 'constructs';
import { Component, type Endpoint, httpProbe, images, type PodOptions, type SecretKey } from '../kit';
import { checkCredentials, checkScheme } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';

/** Props of `RedisExporter`. */
export interface RedisExporterProps {
  /** Name of the objects and of the Service. @default redis-exporter */
  readonly name?: string;
  /** The Redis server: an endpoint with the scheme `redis`, or `rediss` for TLS. */
  readonly redis: Endpoint;
  /** The Secret and the key of the password, whose value may be empty. @default - no password */
  readonly password?: SecretKey;
  /** Options of the pods. @default - none */
  readonly pod?: PodOptions;
}

const ONE_TARGET = 'each replica would report the server again: leave it out, and raise resources instead';

/**
 * Metrics of a Redis server.
 *
 * @example
 * new RedisExporter(chart, 'redis-exporter', {
 *   redis: Endpoint.host('cache.example.com', 6379, 'redis'),
 *   password: { credentials, key: 'REDIS_PASSWORD' },
 * });
 */
export class RedisExporter extends PatchableConstruct {
  /** The exporter, for arguments, mounts and connections. */
  readonly component: Component;

  /** @throws SettingError for an endpoint that is no Redis server */
  constructor(scope: Construct, id: string, props: RedisExporterProps) {
    super(scope, id);
    checkCredentials('password.credentials', props.password?.credentials);
    this.component = new Component(this, 'exporter', {
      name: props.name ?? 'redis-exporter',
      image: images.redisExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9121 } },
      // The exporter's password file is JSON that maps addresses to passwords, which `.env` cannot hold.
      env: props.password ? [props.password.credentials.variable('REDIS_PASSWORD', props.password.key)] : [],
      probes: { readiness: httpProbe('/health'), liveness: httpProbe('/health') },
      resources: { cpu: '25m', memory: '64Mi' },
      pod: props.pod,
      fixedReplicas: ONE_TARGET,
    });
    const redis = this.component.connectTo(props.redis);
    checkScheme('redis', redis, ['redis', 'rediss', 'valkey', 'valkeys']);
    // Managed servers hide CONFIG, so the exporter does not call it.
    this.component.addArgs(`--redis.addr=${redis.url()}`, '--config-command=-', '--connection-timeout=4s');
  }

  /** Metrics of the server. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }
}

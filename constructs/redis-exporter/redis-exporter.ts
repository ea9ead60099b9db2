import { Construct } from 'constructs';
import { Component, type Credentials, type Endpoint, httpProbe, images } from '../kit';
import { checkCredentials, checkScheme } from '../kit/checks';

export interface RedisExporterProps {
  /** @default redis-exporter */
  readonly name?: string;
  /** The Redis server: an endpoint with the scheme `redis`, or `rediss` for TLS. */
  readonly redis: Endpoint;
  /** The Secret and the key of the password, whose value may be empty. @default - no password */
  readonly password?: { readonly credentials: Credentials; readonly key: string };
}

/** Metrics of a Redis server. */
export class RedisExporter extends Construct {
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

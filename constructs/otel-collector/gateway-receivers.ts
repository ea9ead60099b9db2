import type { CollectorSettings } from '../../formats/otel-collector';
import type { CollectorFile } from './config-builder';
import { POD_ADDRESS } from './config-builder';

/** Ports of the receivers. */
export const RECEIVER_PORTS = {
  otlpGrpc: 4317,
  otlpHttp: 4318,
  jaegerGrpc: 14250,
  jaegerThrift: 14268,
  zipkin: 9411,
  outsideGrpc: 4327,
  outsideHttp: 4328,
} as const;

/** Files in the container. */
export const TLS_PATH = '/etc/otelcol-tls';
export const TOKEN_PATH = '/etc/otelcol-token';

/** A receiver for clients outside the cluster. */
export interface OutsideReceiver {
  /** File with the token that clients send. */
  readonly tokenFile: string;
}

const TOKEN = 'bearertokenauth/outside';

/** Longest request in bytes. The default of OTLP over gRPC is 4 MiB, and that of HTTP 20 MiB. */
const MAX_REQUEST_MIB = 16;

/** The receiver of a sampler, for the collectors in front. */
export const SAMPLER_RECEIVER: CollectorSettings = {
  protocols: { grpc: { endpoint: at(RECEIVER_PORTS.otlpGrpc), max_recv_msg_size_mib: MAX_REQUEST_MIB } },
};

/** Adds the receivers. Returns their ids by signal. */
export function addReceivers(
  file: CollectorFile,
  props: {
    readonly oldClients: boolean;
    readonly browserOrigins: readonly string[];
    readonly outside?: OutsideReceiver;
  },
): { readonly traces: readonly string[]; readonly logs: readonly string[]; readonly metrics: readonly string[] } {
  const cors = props.browserOrigins.length > 0 ? { allowed_origins: props.browserOrigins, max_age: 7200 } : undefined;
  file.add('receivers', 'otlp', otlp(RECEIVER_PORTS.otlpGrpc, RECEIVER_PORTS.otlpHttp, { cors }));
  if (props.outside) {
    file
      .add('extensions', TOKEN, { filename: props.outside.tokenFile })
      .add('receivers', 'otlp/outside', outsideReceiver(cors));
  }
  if (props.oldClients) {
    file
      .add('receivers', 'jaeger', {
        protocols: {
          grpc: { endpoint: at(RECEIVER_PORTS.jaegerGrpc) },
          thrift_http: { endpoint: at(RECEIVER_PORTS.jaegerThrift) },
        },
      })
      .add('receivers', 'zipkin', { endpoint: at(RECEIVER_PORTS.zipkin) });
  }
  const all = ['otlp', ...(props.outside ? ['otlp/outside'] : [])];
  return { traces: [...all, ...(props.oldClients ? ['jaeger', 'zipkin'] : [])], logs: all, metrics: all };
}

function outsideReceiver(cors: object | undefined): CollectorSettings {
  const tls = {
    cert_file: `${TLS_PATH}/tls.crt`,
    key_file: `${TLS_PATH}/tls.key`,
    min_version: '1.2',
    // cert-manager renews the files.
    reload_interval: '1h',
  };
  const auth = { authenticator: TOKEN };
  return otlp(RECEIVER_PORTS.outsideGrpc, RECEIVER_PORTS.outsideHttp, { cors, both: { tls, auth } });
}

function otlp(
  grpc: number,
  http: number,
  options: { readonly cors?: object; readonly both?: object },
): CollectorSettings {
  return {
    protocols: {
      grpc: { endpoint: at(grpc), max_recv_msg_size_mib: MAX_REQUEST_MIB, ...options.both },
      http: { endpoint: at(http), cors: options.cors, ...options.both },
    },
  };
}

function at(port: number): string {
  return `${POD_ADDRESS}:${port}`;
}

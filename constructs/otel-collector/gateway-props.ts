import type { SanitisingOptions } from '../../rules/sanitising';
import type { PodOptions, SecretKey, StorageProps } from '../kit';
import type { TraceSampling } from './tail-sampling';
import type { Vendors } from './vendors';

/** What clients outside the cluster need to send data. */
export interface OutsideAccess {
  /** Name of the Secret with `tls.crt` and `tls.key`, e.g. of a Certificate of cert-manager. */
  readonly tlsSecret: string;
  /** The Secret and the key of the token that clients send as `Authorization: Bearer …`. */
  readonly token: SecretKey;
}

/** When replicas are added and removed. */
export interface Autoscaling {
  /** Smallest number of replicas. */
  readonly minReplicas: number;
  /** Largest number of replicas. */
  readonly maxReplicas: number;
  /** Percent of the CPU request at which a replica is added. @default 70 */
  readonly cpuPercent?: number;
}

/** Props of `OtelCollector`. */
export interface OtelCollectorProps extends StorageProps {
  /** Name of the objects and of the Service. The samplers append `-sampler`. @default otel-collector */
  readonly name?: string;
  /** Replicas that clients send to. @default 1 */
  readonly replicas?: number;
  /**
   * Replicas that decide about traces, in a tier of their own: all spans of a trace go to the same one.
   * @default - with one replica none: it decides itself; else as many as `replicas`
   */
  readonly samplers?: number;
  /** Add and remove replicas that clients send to. The samplers stay. @default - `replicas` is fixed */
  readonly autoscaling?: Autoscaling;
  /** Which traces are kept. @default - errors, traces of two seconds and more, and 10 % of the rest */
  readonly sampling?: TraceSampling;
  /** What is masked beyond the defaults, e.g. national identification numbers. @default - nothing */
  readonly sanitising?: SanitisingOptions;
  /** Take data from clients of Jaeger (ports 14250, 14268) and Zipkin (port 9411). @default true */
  readonly oldClients?: boolean;
  /** Origins of pages whose browsers send to port 4318, e.g. `https://app.example.com`. @default - none */
  readonly browserOrigins?: readonly string[];
  /** Take data from outside the cluster, on ports 4327 (gRPC) and 4328 (HTTP). @default - none: the ports are closed */
  readonly outside?: OutsideAccess;
  /** Namespaces whose pods are named in the data. @default - every namespace, which needs a ClusterRole */
  readonly namespaces?: readonly string[];
  /** Attributes of every resource, e.g. `{ 'k8s.cluster.name': 'europe' }`. @default - none */
  readonly resourceAttributes?: { readonly [name: string]: string };
  /**
   * Attributes of spans that become labels of span metrics. Each value is a series: no ids, and no paths with ids.
   * @default - http.request.method, http.response.status_code and http.route
   */
  readonly dimensions?: readonly string[];
  /** Vendors that data is sent to as well. @default - none */
  readonly vendors?: Vendors;
  /** Options of the pods that clients send to. @default - none */
  readonly pod?: PodOptions;
  /** Options of the samplers. @default - none */
  readonly samplerPod?: PodOptions;
}

/** Defaults of `OtelCollectorProps`. */
export const OTEL_COLLECTOR_DEFAULTS = { name: 'otel-collector', replicas: 1, oldClients: true } as const;

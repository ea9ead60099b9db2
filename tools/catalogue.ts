import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program that tests run, built from the Go module that `tools/<directory>/go.mod` pins. */
export interface Tool {
  /** Name of the binary under `.tools/bin`. */
  readonly name: string;
  /** Folder in `tools/` with the go.mod. */
  readonly directory: string;
  /** The pinned Go module. */
  readonly module: string;
  /** Package to build, relative to the module. @default - the module itself */
  readonly package?: string;
  /** Package in `tools/<directory>` to build instead, for a program that imports the module. @default - none */
  readonly ownPackage?: string;
  /**
   * Files that the published module lacks, with placeholder content. The module is then built from a copy.
   * @default - none
   */
  readonly missingFiles?: { readonly [path: string]: string };
}

const PROMETHEUS = { directory: 'prometheus', module: 'github.com/prometheus/prometheus' };
const ALERTMANAGER = { directory: 'alertmanager', module: 'github.com/prometheus/alertmanager' };
/** Jaeger 2 is published under the module path of version 1: v2.13.0 is v1.76.0. Later versions have no module. */
const JAEGER = { module: 'github.com/jaegertracing/jaeger' };
const KUBERNETES = { directory: 'kubernetes', module: 'k8s.io/kubernetes' };

/** The programs. Those of the fast tests come first. */
export const tools: readonly Tool[] = [
  { name: 'promtool', ...PROMETHEUS, package: 'cmd/promtool' },
  { name: 'amtool', ...ALERTMANAGER, package: 'cmd/amtool' },
  { name: 'prometheus', ...PROMETHEUS, package: 'cmd/prometheus' },
  {
    name: 'alertmanager',
    ...ALERTMANAGER,
    package: 'cmd/alertmanager',
    // The module lacks the web interface, which is compiled at release. The tests need only the API.
    missingFiles: {
      'ui/app/dist/index.html': '<!doctype html><title>Alertmanager</title>Built without a web interface.',
    },
  },
  { name: 'etcd', directory: 'etcd', module: 'go.etcd.io/etcd/server/v3' },
  { name: 'kube-apiserver', ...KUBERNETES, package: 'cmd/kube-apiserver' },
  { name: 'kube-controller-manager', ...KUBERNETES, package: 'cmd/kube-controller-manager' },
  { name: 'kubectl', ...KUBERNETES, package: 'cmd/kubectl' },
  { name: 'kube-scheduler', ...KUBERNETES, package: 'cmd/kube-scheduler' },
  { name: 'kube-proxy', ...KUBERNETES, package: 'cmd/kube-proxy' },
  { name: 'kubelet', ...KUBERNETES, package: 'cmd/kubelet' },
  // Its own main package compiles every plugin, also those of the clouds.
  { name: 'coredns', directory: 'coredns', module: 'github.com/coredns/coredns', ownPackage: '.' },
  {
    name: 'kube-network-policies',
    directory: 'kube-network-policies',
    module: 'sigs.k8s.io/kube-network-policies',
    package: 'cmd',
  },
  { name: 'blackbox_exporter', directory: 'blackbox-exporter', module: 'github.com/prometheus/blackbox_exporter' },
  { name: 'kube-state-metrics', directory: 'kube-state-metrics', module: 'k8s.io/kube-state-metrics/v2' },
  { name: 'node_exporter', directory: 'node-exporter', module: 'github.com/prometheus/node_exporter' },
  {
    name: 'postgres_exporter',
    directory: 'postgres-exporter',
    module: 'github.com/prometheus-community/postgres_exporter',
    package: 'cmd/postgres_exporter',
  },
  { name: 'redis_exporter', directory: 'redis-exporter', module: 'github.com/oliver006/redis_exporter' },
  // Its own main package has the components that the constructs configure. The image has many more.
  {
    name: 'otelcol',
    directory: 'otel-collector',
    module: 'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver',
    ownPackage: '.',
  },
  { name: 'jaeger', directory: 'jaeger', ...JAEGER, package: 'cmd/jaeger' },
  { name: 'es-index-cleaner', directory: 'jaeger-es-index-cleaner', ...JAEGER, package: 'cmd/es-index-cleaner' },
  // A bucket on loopback, for the tests of Loki.
  {
    name: 'gofakes3',
    directory: 'gofakes3',
    module: 'github.com/johannesboyne/gofakes3',
    package: 'cmd/gofakes3',
  },
];

/** Root of the repository. */
export const ROOT = join(__dirname, '..');

/** Directory of the binaries. */
export const BIN = join(ROOT, '.tools', 'bin');

/** Version of the module that a tool's go.mod pins, without the `v`. */
export function moduleVersion({ directory, module }: Tool): string {
  const goMod = readFileSync(join(ROOT, 'tools', directory, 'go.mod'), 'utf8');
  const version = new RegExp(`^\\s*(?:require )?${module.replaceAll('.', '\\.')} v(\\S+)`, 'm').exec(goMod)?.[1];
  if (!version) {
    throw new Error(`tools/${directory}/go.mod pins no ${module}: run "go get -tool ${module}@<version>" there`);
  }
  return version;
}

/** Version of the software. Prometheus publishes 3.13.5 as the Go module v0.313.5, and Jaeger 2.13.0 as v1.76.0. */
export function softwareVersion(tool: Tool): string {
  const version = moduleVersion(tool);
  switch (tool.module) {
    case PROMETHEUS.module:
      return version.replace(/^0\.(\d)(\d+)\./, '$1.$2.');
    case JAEGER.module:
      return version.replace(/^1\.(\d+)\./, (_match, minor: string) => `2.${Number(minor) - 63}.`);
    default:
      return version;
  }
}

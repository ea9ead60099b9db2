import type { Construct } from 'constructs';

/** A container image at an explicit version. */
export interface Image {
  /** Registry and repository, e.g. `quay.io/prometheus/prometheus`. */
  readonly repository: string;
  /** The tag that is deployed. */
  readonly tag: string;
  /** Content digest, `sha256:…`. @default - the tag alone names the image */
  readonly digest?: string;
}

/**
 * Every image that the platform deploys. This is the one place for a version: pods and `dist/images.txt` are derived
 * from it, and a test compares the real servers under `tools/` with it.
 */
export const images = {
  alertmanager: { repository: 'quay.io/prometheus/alertmanager', tag: 'v0.34.2' },
  blackboxExporter: { repository: 'quay.io/prometheus/blackbox-exporter', tag: 'v0.28.0' },
  grafana: { repository: 'docker.io/grafana/grafana', tag: '13.2.3' },
  kubeStateMetrics: { repository: 'registry.k8s.io/kube-state-metrics/kube-state-metrics', tag: 'v2.20.0' },
  node: { repository: 'docker.io/library/node', tag: '24.21.0-bookworm-slim' },
  nodeExporter: { repository: 'quay.io/prometheus/node-exporter', tag: 'v1.12.1' },
  postgresExporter: { repository: 'quay.io/prometheuscommunity/postgres-exporter', tag: 'v0.19.1' },
  prometheus: { repository: 'quay.io/prometheus/prometheus', tag: 'v3.13.5' },
  redisExporter: { repository: 'docker.io/oliver006/redis_exporter', tag: 'v1.86.0' },
  sqlExporter: { repository: 'docker.io/burningalchemist/sql_exporter', tag: '0.24.6' },
} as const satisfies Record<string, Image>;

/** Construct context key of a mirror: if it is set, every image is pulled from there. */
export const IMAGE_REGISTRY_CONTEXT = 'sightedit-monitoring:image-registry';

/**
 * The reference to pull, e.g. `quay.io/prometheus/prometheus:v3.13.5`. A mirror in the construct context replaces the
 * registry's host; the rest of the path stays.
 */
export function imageReference(scope: Construct, image: Image): string {
  const mirror: string | undefined = scope.node.tryGetContext(IMAGE_REGISTRY_CONTEXT);
  const repository = mirror ? image.repository.replace(/^[^/]+/, mirror) : image.repository;
  return `${repository}:${image.tag}${image.digest ? `@${image.digest}` : ''}`;
}

/** The software's version: the tag without a leading `v` and without a variant such as `-bookworm-slim`. */
export function imageVersion(image: Image): string {
  return image.tag.replace(/^v/, '').replace(/-.*/, '');
}

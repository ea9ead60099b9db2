import type { Construct } from 'constructs';
import { SettingError } from './errors';

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
 * Every image that a construct deploys. The exporters of databases check their credentials with the image's shell:
 * redis_exporter has one in its variant `-alpine` only. This is the one place for a version: pods and `dist/images.txt` are derived
 * from it, and a test compares the real servers under `tools/` with it.
 */
export const images = {
  alertmanager: { repository: 'quay.io/prometheus/alertmanager', tag: 'v0.34.2' },
  blackboxExporter: { repository: 'quay.io/prometheus/blackbox-exporter', tag: 'v0.28.0' },
  grafana: { repository: 'docker.io/grafana/grafana', tag: '13.2.3' },
  jaeger: { repository: 'docker.io/jaegertracing/jaeger', tag: '2.13.0' },
  jaegerEsIndexCleaner: { repository: 'docker.io/jaegertracing/jaeger-es-index-cleaner', tag: '2.13.0' },
  kubeStateMetrics: { repository: 'registry.k8s.io/kube-state-metrics/kube-state-metrics', tag: 'v2.20.0' },
  loki: { repository: 'docker.io/grafana/loki', tag: '3.7.6' },
  node: { repository: 'docker.io/library/node', tag: '24.21.0-bookworm-slim' },
  nodeExporter: { repository: 'quay.io/prometheus/node-exporter', tag: 'v1.12.1' },
  otelCollector: {
    repository: 'ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib',
    tag: '0.165.1',
  },
  postgresExporter: { repository: 'quay.io/prometheuscommunity/postgres-exporter', tag: 'v0.19.1' },
  prometheus: { repository: 'quay.io/prometheus/prometheus', tag: 'v3.13.5' },
  promtail: { repository: 'docker.io/grafana/promtail', tag: '3.6.15' },
  redisExporter: { repository: 'docker.io/oliver006/redis_exporter', tag: 'v1.86.0-alpine' },
  sqlExporter: { repository: 'docker.io/burningalchemist/sql_exporter', tag: '0.24.6' },
} as const satisfies Record<string, Image>;

/**
 * Images without a program in `tools/`, with the reason. The tests compare the versions of the others with the programs
 * that they run.
 *
 * @internal
 */
export const NOT_BUILT: { readonly [name in keyof typeof images]?: string } = {
  grafana: 'its web interface is compiled at release, and no package registry has it',
  loki: 'its licence: the tests use a program that you download, test/e2e/loki.e2e.ts',
  promtail: 'its licence: the tests use a program that you download, test/e2e/log-collector.e2e.ts',
  sqlExporter: 'the Go module proxy has none of its versions',
};

/** Construct context key of `ImageRegistries`. */
export const IMAGE_REGISTRY_CONTEXT = 'sightedit-monitoring:image-registry';

/** Construct context key of `ImageOverrides`. */
export const IMAGES_CONTEXT = 'sightedit-monitoring:images';

/**
 * Mirrors of registries. One mirror for all of them, or one for each registry; a registry that is not named is used
 * itself. The mirror replaces the registry's host; the rest of the path stays.
 *
 * @example
 * { 'docker.io': 'harbor.example.com/dockerhub', 'quay.io': 'harbor.example.com/quay' }
 */
export type ImageRegistries = string | { readonly [registry: string]: string };

/** Parts of the images that replace those of `images`: another tag, a digest, a repository with your own build. */
export type ImageOverrides = { readonly [name in keyof typeof images]?: Partial<Image> };

/**
 * The image with the parts that the construct context replaces. Another tag or repository drops the old digest.
 *
 * @throws SettingError for a name that is no image
 */
export function imageOf(scope: Construct, image: Image): Image {
  const overrides: { readonly [name: string]: Partial<Image> } = scope.node.tryGetContext(IMAGES_CONTEXT) ?? {};
  for (const name of Object.keys(overrides)) {
    if (!(name in images)) {
      throw new SettingError('images', name, `write one of ${Object.keys(images).join(', ')}`);
    }
  }
  const known = Object.entries<Image>(images).find(([, { repository }]) => repository === image.repository);
  const override = known && overrides[known[0]];
  return override ? { repository: image.repository, tag: image.tag, ...override } : image;
}

/** The reference to pull, e.g. `quay.io/prometheus/prometheus:v3.13.5`, from the mirror in the construct context. */
export function imageReference(scope: Construct, image: Image): string {
  const { repository, tag, digest } = image;
  return `${mirrored(scope, repository)}:${tag}${digest ? `@${digest}` : ''}`;
}

function mirrored(scope: Construct, repository: string): string {
  const mirrors: ImageRegistries = scope.node.tryGetContext(IMAGE_REGISTRY_CONTEXT) ?? {};
  const [registry = ''] = repository.split('/');
  const mirror = typeof mirrors === 'string' ? mirrors : mirrors[registry];
  return mirror ? repository.replace(registry, mirror) : repository;
}

/** The software's version: the tag without a leading `v` and without a variant such as `-bookworm-slim`. */
export function imageVersion(image: Image): string {
  return image.tag.replace(/^v/, '').replace(/-.*/, '');
}

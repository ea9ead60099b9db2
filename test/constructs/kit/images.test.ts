import {
  Credentials,
  Grafana,
  IMAGE_REGISTRY_CONTEXT,
  IMAGES_CONTEXT,
  type Image,
  type ImageOverrides,
  type ImageRegistries,
  imageOf,
  imageReference,
  images,
  imageVersion,
} from '../../../constructs';
import { manifestsOf, podOf, testChart } from '../../../testing/render';
import { settingError } from '../../support/setting-error';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const PLAIN: Image = { repository: 'quay.io/team/demo', tag: 'v1.2.3' };

/** The reference in a chart that names a mirror, or none. */
function reference(image: Image, mirror?: ImageRegistries): string {
  const chart = testChart();
  if (mirror) {
    chart.node.setContext(IMAGE_REGISTRY_CONTEXT, mirror);
  }
  return imageReference(chart, image);
}

test.each<[string, Image, ImageRegistries | undefined, string]>([
  ['its own registry', PLAIN, undefined, 'quay.io/team/demo:v1.2.3'],
  ['a mirror', PLAIN, 'mirror.example.com', 'mirror.example.com/team/demo:v1.2.3'],
  ['a mirror with a path', PLAIN, 'mirror.example.com:5000/quay', 'mirror.example.com:5000/quay/team/demo:v1.2.3'],
  ['its own registry by digest', { ...PLAIN, digest: DIGEST }, undefined, `quay.io/team/demo:v1.2.3@${DIGEST}`],
  [
    'a mirror by digest',
    { ...PLAIN, digest: DIGEST },
    'mirror.example.com',
    `mirror.example.com/team/demo:v1.2.3@${DIGEST}`,
  ],
  [
    'the mirror of its registry',
    PLAIN,
    { 'quay.io': 'harbor.example.com/quay', 'docker.io': 'harbor.example.com/dockerhub' },
    'harbor.example.com/quay/team/demo:v1.2.3',
  ],
  ['its own registry, which has no mirror', PLAIN, { 'docker.io': 'harbor.example.com' }, 'quay.io/team/demo:v1.2.3'],
])('an image is pulled from %s', (_from, image, mirror, expected) => {
  expect(reference(image, mirror)).toBe(expected);
});

test.each([
  ['v1.2.3', '1.2.3'],
  ['13.2.3', '13.2.3'],
  ['24.1.0-bookworm-slim', '24.1.0'],
])('the version of tag %s is %s', (tag, version) => {
  expect(imageVersion({ ...PLAIN, tag })).toBe(version);
});

test.each(Object.entries(images))('%s names its registry and an exact version', (_name, image) => {
  expect(image.repository).toMatch(/^[a-z0-9.-]+\.[a-z]+\/[a-z0-9/_-]+$/);
  expect(imageVersion(image)).toMatch(/^\d+\.\d+\.\d+$/);
});

describe('an image that is replaced', () => {
  function replaced(overrides: ImageOverrides, image: Image = images.prometheus): Image {
    const chart = testChart();
    chart.node.setContext(IMAGES_CONTEXT, overrides);
    return imageOf(chart, image);
  }

  test.each<[string, ImageOverrides, object]>([
    ['a digest', { prometheus: { digest: DIGEST } }, { ...images.prometheus, digest: DIGEST }],
    ['another tag', { prometheus: { tag: 'v3.14.0' } }, { ...images.prometheus, tag: 'v3.14.0' }],
    [
      'your own build',
      { prometheus: { repository: 'registry.example.com/prometheus', tag: 'v3.13.5-fips' } },
      { repository: 'registry.example.com/prometheus', tag: 'v3.13.5-fips' },
    ],
    ['nothing of its own', { grafana: { tag: '13.3.0' } }, images.prometheus],
  ])('has %s', (_, overrides, expected) => {
    expect(replaced(overrides)).toEqual(expected);
  });

  test('loses the digest of the old one', () => {
    const digested = { ...images.prometheus, digest: DIGEST };
    expect(replaced({ prometheus: { tag: 'v3.14.0' } }, digested)).not.toHaveProperty('digest');
  });

  test('is in the pods, with its version in their labels', () => {
    const chart = testChart();
    chart.node.setContext(IMAGES_CONTEXT, { grafana: { tag: '13.9.9' } });
    new Grafana(chart, 'grafana', {
      externalUrl: 'https://grafana.example.com',
      credentials: new Credentials('demo-credentials'),
    });
    const { metadata, spec } = podOf(manifestsOf(chart), 'grafana');
    expect(spec.containers[0].image).toBe('docker.io/grafana/grafana:13.9.9');
    expect(metadata.labels['app.kubernetes.io/version']).toBe('13.9.9');
  });

  test('is refused under a name that is no image', () => {
    const overrides = { promtheus: { tag: 'v3' } } as ImageOverrides;
    expect(settingError(() => replaced(overrides)).message).toMatch(
      /^images is "promtheus": write one of alertmanager, /,
    );
  });
});

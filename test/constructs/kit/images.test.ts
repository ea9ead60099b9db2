import { IMAGE_REGISTRY_CONTEXT, type Image, imageReference, images, imageVersion } from '../../../constructs';
import { testChart } from '../../../testing/render';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const PLAIN: Image = { repository: 'quay.io/team/demo', tag: 'v1.2.3' };

/** The reference in a chart that names a mirror, or none. */
function reference(image: Image, mirror?: string): string {
  const chart = testChart();
  if (mirror) {
    chart.node.setContext(IMAGE_REGISTRY_CONTEXT, mirror);
  }
  return imageReference(chart, image);
}

test.each<[string, Image, string | undefined, string]>([
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

import { type Image, images, imageVersion } from '../../constructs';
import { NOT_BUILT } from '../../constructs/kit/images';
import { moduleVersion, softwareVersion, tools } from '../../tools/catalogue';
import { node, packagedTools } from '../../tools/packages';

/** Folders in `tools/` whose programs belong to the cluster or to the tests, and have no image. */
const WITHOUT_IMAGE = ['coredns', 'etcd', 'gofakes3', 'kube-network-policies', 'kubernetes'];

/** Image of a folder in `tools/`: `redisExporter` of `redis-exporter`. */
const imageNameOf = (directory: string) =>
  directory.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase()) as keyof typeof images;

describe('The programs that tests run', () => {
  it.each(tools.map((tool) => [tool.name, tool] as const))('%s has the deployed version', (_, tool) => {
    if (WITHOUT_IMAGE.includes(tool.directory)) {
      expect(moduleVersion(tool)).toMatch(/^\d+\.\d+\.\d+$/);
    } else {
      expect(Object.keys(images)).toContain(imageNameOf(tool.directory));
      expect(softwareVersion(tool)).toBe(imageVersion(images[imageNameOf(tool.directory)] as Image));
    }
  });

  it('cover every image except those that cannot be built', () => {
    const built: readonly string[] = [
      ...tools.map(({ directory }) => imageNameOf(directory)),
      ...packagedTools.map(({ name }) => name),
    ];
    const missing = Object.keys(images).filter((name) => !built.includes(name));
    expect(missing).toEqual(Object.keys(NOT_BUILT));
    expect(Object.values(NOT_BUILT).filter((reason) => reason.trim() === '')).toEqual([]);
  });

  it('run the webhook with the deployed Node version', () => {
    expect(node.version).toBe(imageVersion(images.node));
  });

  it('reads Prometheus 3.13.5 from its Go module v0.313.5', () => {
    const prometheus = tools.find(({ name }) => name === 'prometheus')!;
    expect([moduleVersion(prometheus), softwareVersion(prometheus)]).toEqual(['0.313.5', '3.13.5']);
  });
});

import { createHash } from 'node:crypto';
import { packagedTools, verify } from '../../tools/packages';

describe('A program that comes in a package', () => {
  const archive = Buffer.from('an archive');
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;

  it('is taken when it is what was pinned', () => {
    expect(() => verify(archive, { package: 'demo@1.0.0', integrity })).not.toThrow();
  });

  it('is refused when it is something else', () => {
    expect(() => verify(Buffer.from('another'), { package: 'demo@1.0.0', integrity })).toThrow(
      /^demo@1\.0\.0 hashes to sha512-.*, not to the sha512-.* that tools\/packages\.ts pins$/,
    );
  });

  it.each(packagedTools.flatMap(({ packages }) => Object.values(packages)).map((pinned) => [pinned.package, pinned]))(
    '%s is pinned to one version and one content',
    (_, pinned) => {
      expect(pinned).toEqual({
        package: expect.stringMatching(/^@?[\w/-]+@\d+\.\d+\.\d+[\w.-]*$/),
        integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/),
      });
    },
  );
});

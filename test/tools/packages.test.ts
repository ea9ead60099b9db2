import { createHash } from 'node:crypto';
import { packagedTools, verify } from '../../tools/packages';

describe('A packaged program', () => {
  const archive = Buffer.from('an archive');
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;

  it('is accepted when its hash is the pinned one', () => {
    expect(() => verify(archive, { package: 'demo@1.0.0', integrity })).not.toThrow();
  });

  it('is rejected when its hash differs', () => {
    expect(() => verify(Buffer.from('another'), { package: 'demo@1.0.0', integrity })).toThrow(
      /^demo@1\.0\.0 has the hash sha512-.*, but tools\/packages\.ts pins sha512-.*$/,
    );
  });

  it.each(packagedTools.flatMap(({ packages }) => Object.values(packages)).map((pinned) => [pinned.package, pinned]))(
    '%s is pinned to a version and a hash',
    (_, pinned) => {
      expect(pinned).toEqual({
        package: expect.stringMatching(/^@?[\w/-]+@\d+\.\d+\.\d+[\w.-]*$/),
        integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/),
      });
    },
  );
});

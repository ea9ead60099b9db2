import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheDirectory } from '../../../scripts/synth/cache-directory';

describe('The cache directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'cache-directory-'));
  const cache = new CacheDirectory(root);
  afterAll(() => rmSync(root, { recursive: true }));

  test('reads what it has written, and leaves nothing beside it', () => {
    cache.write('key.program', 'text');
    expect(cache.read('key.program')?.toString()).toBe('text');
    expect(readdirSync(cache.path)).toEqual(['key.program']);
  });

  test('has no file that is missing or damaged', () => {
    cache.write('key.program', 'text');
    const path = join(cache.path, 'key.program');
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    expect(cache.read('key.program')).toBeUndefined();
    expect(cache.read('other.program')).toBeUndefined();
  });

  test('keeps the newest programs, with all of their files', () => {
    for (let age = 0; age < 8; age++) {
      for (const kind of ['program', 'code']) {
        cache.write(`key${age}.${kind}`, 'text');
        utimesSync(join(cache.path, `key${age}.${kind}`), 0, 1_000_000 - age);
      }
    }
    cache.write('inputs-0.json', '{}');
    rmSync(join(cache.path, 'key.program'));
    cache.prune();
    expect(readdirSync(cache.path)).toEqual([
      'inputs-0.json',
      ...[0, 1, 2, 3, 4, 5].flatMap((age) => [`key${age}.code`, `key${age}.program`]),
    ]);
  });

  test('neither reads nor writes where there can be no directory', () => {
    writeFileSync(join(root, 'file'), '');
    const impossible = new CacheDirectory(join(root, 'file'));
    impossible.write('key.program', 'text');
    impossible.prune();
    expect(impossible.read('key.program')).toBeUndefined();
  });
});

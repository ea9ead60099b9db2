import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { loadAll } from 'js-yaml';
import { ROOT } from '../../tools/catalogue';
import type { ReleasedObject } from './problems';

/** The manifests of each release, without the content of ConfigMaps. */
export const RELEASES = join(ROOT, 'test', 'fixtures', 'releases');

/** The objects of a directory of manifests, in the order of kubectl. */
export function readDirectory(directory: string): readonly ReleasedObject[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => loadAll(readFileSync(join(directory, file), 'utf8')) as ReleasedObject[]);
}

/** The objects of a release that was kept. */
export function readRelease(version: string): readonly ReleasedObject[] {
  const file = readFileSync(join(RELEASES, `${version}.json.gz`));
  return JSON.parse(gunzipSync(file).toString()) as ReleasedObject[];
}

/** Versions of the releases that were kept. */
export function keptReleases(): readonly string[] {
  return readdirSync(RELEASES)
    .filter((file) => file.endsWith('.json.gz'))
    .map((file) => file.replace('.json.gz', ''))
    .sort();
}

/** Keeps the manifests of a release. */
export function keepRelease(version: string, objects: readonly ReleasedObject[]): void {
  const json = JSON.stringify(objects.map(withoutContent));
  writeFileSync(join(RELEASES, `${version}.json.gz`), gzipSync(json, { level: 9 }));
}

/** The content of ConfigMaps is most of a release, and nothing that an upgrade can fail on. */
function withoutContent(object: ReleasedObject): ReleasedObject {
  return object.kind === 'ConfigMap' && object.immutable !== true ? { ...object, data: {} } : object;
}

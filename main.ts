import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdk8s';
import { addSightEditMonitoring, resolveSettings, sightEdit } from './charts';
import { imageReference, images } from './constructs';
import { ManifestApp } from './manifests/manifest-app';

/**
 * Writes the manifests of a profile: `production`, or what SIGHTEDIT_PROFILE names. Invalid settings print one message
 * and set the exit code; a stack trace would bury it.
 */
export function main(): void {
  try {
    synthesize();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

function synthesize(): void {
  const app = new ManifestApp();
  addSightEditMonitoring(app, 'sightedit', resolveSettings(sightEdit, process.env.SIGHTEDIT_PROFILE ?? 'production'));
  app.synth();
  writeFileSync(join(app.outdir, 'images.txt'), imageList(app));
}

/** Every image that the written manifests deploy, one a line: what a mirror must hold. */
function imageList(app: App): string {
  const written = readdirSync(app.outdir)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(join(app.outdir, file), 'utf8'))
    .join('');
  return Object.values(images)
    .map((image) => imageReference(app, image))
    .filter((reference) => written.includes(`image: ${reference}\n`))
    .map((reference) => `${reference}\n`)
    .join('');
}

if (require.main === module) {
  main();
}

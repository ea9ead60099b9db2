import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdk8s';
import { type Profile, resolveSettings, SightEditMonitoring, sightEdit } from './charts';
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
  const profile = (process.env.SIGHTEDIT_PROFILE ?? 'production') as Profile;
  const app = new ManifestApp();
  new SightEditMonitoring(app, 'sightedit', resolveSettings(sightEdit, profile));
  app.synth();
  writeFileSync(join(app.outdir, 'images.txt'), imageList(app));
}

/** Every image that is deployed, one a line: what a mirror must hold. */
function imageList(app: App): string {
  return Object.values(images)
    .map((image) => `${imageReference(app, image)}\n`)
    .join('');
}

if (require.main === module) {
  main();
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'cdk8s';
import { addSightEditMonitoring, resolveSettings, sightEdit, writePayloadHeaders } from './charts';
import { imageReference, images } from './constructs';

/** Writes the manifests of a profile: `production`, or what SIGHTEDIT_PROFILE names. */
function main(): void {
  const app = new App();
  addSightEditMonitoring(app, 'sightedit', resolveSettings(sightEdit, process.env.SIGHTEDIT_PROFILE ?? 'production'));
  app.synth();
  writePayloadHeaders(app);
  writeFileSync(join(app.outdir, 'images.txt'), imageList(app));
}

/** Every image that is deployed, one a line: what a mirror must hold. */
function imageList(app: App): string {
  return Object.values(images)
    .map((image) => `${imageReference(app, image)}\n`)
    .join('');
}

try {
  main();
} catch (error) {
  // A mistake in the settings is told in one message; a stack trace would bury it.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdk8s';
import { addSightEditMonitoring, resolveSettings, sightEdit } from './charts';
import { Component, imageReference, images } from './constructs';
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

/** Every image that is deployed, one a line, in the order of the catalogue: what a mirror must hold. */
function imageList(app: App): string {
  const catalogue: readonly string[] = Object.values(images).map(({ repository }) => repository);
  const deployed = app.node.findAll().flatMap((construct) => (construct instanceof Component ? [construct.image] : []));
  const ordered = deployed.sort((a, b) => catalogue.indexOf(a.repository) - catalogue.indexOf(b.repository));
  return [...new Set(ordered.map((image) => `${imageReference(app, image)}\n`))].join('');
}

if (require.main === module) {
  main();
}

import { App } from 'cdk8s';
import { type Profile, resolveSettings, SightEditMonitoring, sightEdit } from './charts';

/** Writes the manifests of a profile: `production`, or what SIGHTEDIT_PROFILE names. */
function main(): void {
  const profile = (process.env.SIGHTEDIT_PROFILE ?? 'production') as Profile;
  const app = new App();
  new SightEditMonitoring(app, 'sightedit', resolveSettings(sightEdit, profile));
  app.synth();
}

try {
  main();
} catch (error) {
  // A mistake in the settings is told in one message; a stack trace would bury it.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

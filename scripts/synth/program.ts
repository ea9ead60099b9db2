/** What `npm run synth` bundles: the app, and where it takes what earlier runs have made. */
export { buildServer, useServer } from '../../constructs/remediation-webhook/bundle';
export { main } from '../../main';
export { useResultStore } from '../../memo';

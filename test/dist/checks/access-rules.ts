import { describeManifest, type Manifest, ofKind } from '../../support/dist';
import type { Part } from '../graph/pods';

/** What a platform that only looks may do. */
const VERBS = ['get', 'list', 'watch'];

/** Resources that give more than a look, whatever the verb: `get` on `pods/exec` opens a shell. */
const FORBIDDEN = [
  'secrets',
  'nodes/proxy',
  'pods/attach',
  'pods/exec',
  'pods/portforward',
  'pods/proxy',
  'services/proxy',
];

/** Roles look and nothing else, at resources that they name. */
export function accessRules(manifests: readonly Manifest[]): string[] {
  return ['Role', 'ClusterRole'].flatMap((kind) =>
    ofKind(manifests, kind).flatMap((role) =>
      role.rules.flatMap((rule: Part) => problemsOf(rule).map((problem) => `${describeManifest(role)} ${problem}`)),
    ),
  );
}

function problemsOf({ apiGroups = [], resources = [], nonResourceURLs = [], verbs }: Part): string[] {
  const words: string[] = [...apiGroups, ...resources, ...nonResourceURLs, ...verbs];
  return [
    ...words.filter((word) => word.includes('*')).map((word) => `has the wildcard ${word}`),
    ...resources
      .filter((resource: string) => FORBIDDEN.includes(resource))
      .map((resource: string) => `reaches ${resource}`),
    ...verbs
      .filter((verb: string) => !VERBS.includes(verb) && !verb.includes('*'))
      .map((verb: string) => `may ${verb} ${[...resources, ...nonResourceURLs].join(', ')}`),
  ];
}

import { describeManifest, type Manifest, ofKind } from '../../../testing/manifests';
import type { Part } from '../graph/pods';

/** Verbs that read. */
const VERBS = ['get', 'list', 'watch'];

/** Resources that give more than read access, whatever the verb: `get` on `pods/exec` opens a shell. */
const FORBIDDEN = [
  'secrets',
  'nodes/proxy',
  'pods/attach',
  'pods/exec',
  'pods/portforward',
  'pods/proxy',
  'services/proxy',
];

/**
 * What only the remediation webhook may change: its records and locks, Events, and the objects of its policies. It may
 * change those of `named` only by name.
 */
const REMEDIATION = {
  role: /(^|-)remediation-webhook$/,
  own: ['remediations', 'remediations/status', 'leases', 'events', 'tokenreviews'],
  named: ['deployments', 'deployments/scale', 'horizontalpodautoscalers'],
};

/** Roles only read, and only resources that they name. */
export function accessRules(manifests: readonly Manifest[]): string[] {
  return ['Role', 'ClusterRole'].flatMap((kind) =>
    ofKind(manifests, kind).flatMap((role) =>
      role.rules
        .filter((rule: Part) => !repairs(role, rule))
        .flatMap((rule: Part) => problemsOf(rule).map((problem) => `${describeManifest(role)} ${problem}`)),
    ),
  );
}

/** Whether a rule is one of the webhook's rights to repair. */
function repairs({ metadata }: Manifest, { resources = [], resourceNames = [], verbs }: Part): boolean {
  const { role, own, named } = REMEDIATION;
  const isNamed = resourceNames.length > 0 && !verbs.includes('create') && !verbs.includes('delete');
  return (
    role.test(metadata.name) &&
    resources.every((resource: string) => own.includes(resource) || (isNamed && named.includes(resource)))
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

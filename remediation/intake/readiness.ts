import { actionOf, type Permission } from '../actions';
import { type KubernetesApi, RESOURCES } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import { ownRights, TOKEN_REVIEW_RIGHT } from '../rights';

interface Question {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Rights that nothing here needs, and with which a mistake would do great harm. */
const FORBIDDEN: readonly Question[] = [
  { group: '', resource: 'secrets', verb: 'get' },
  { group: '', resource: 'secrets', verb: 'list' },
  { group: '', resource: 'pods', subresource: 'exec', verb: 'create' },
  { group: 'apps', resource: 'deployments', verb: 'delete' },
  { group: 'apps', resource: 'deployments', verb: 'update' },
  { group: '*', resource: '*', verb: '*' },
  // Ways around the fence of admission, which looks at who asks, and which no admission policy can guard itself.
  { group: '', resource: 'users', verb: 'impersonate' },
  { group: '', resource: 'serviceaccounts', verb: 'impersonate' },
  { group: '', resource: 'serviceaccounts', subresource: 'token', verb: 'create' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies', verb: 'patch' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies', verb: 'delete' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings', verb: 'patch' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings', verb: 'delete' },
];

/** Whose rights are asked for. */
export interface RightsProps {
  readonly policies: readonly RemediationPolicy[];
  /** Where the server keeps its records. */
  readonly namespace: string;
  readonly killSwitch: string;
}

/** Rights that the server and its policies need, one question each. */
export function neededRights({ policies, namespace: own, killSwitch }: RightsProps): readonly Question[] {
  const ofPolicies = policies.flatMap((policy) => {
    const { permissions } = actionOf(policy).requirements(policy.parameters);
    return permissions.flatMap(({ namespace, rules }) => rules.flatMap((rule) => questions(rule, namespace)));
  });
  const ofServer = ownRights(killSwitch).flatMap((right) => questions(right, own));
  return [...ofServer, ...questions(TOKEN_REVIEW_RIGHT), ...ofPolicies];
}

/**
 * Asks the API server what this server may do.
 *
 * @returns what is wrong, a line each: a right that is missing, or one that should not be there
 */
export async function checkRights(client: KubernetesApi, props: RightsProps): Promise<string[]> {
  const needed = neededRights(props);
  const namespaces = new Set([undefined, ...needed.map(({ namespace }) => namespace)]);
  const unwanted = [...namespaces].flatMap((namespace) => FORBIDDEN.map((q) => ({ ...q, namespace })));
  const problems: string[] = [];
  for (const [wanted, list] of [
    [true, needed],
    [false, unwanted],
  ] as const) {
    for (const question of list) {
      if ((await mayI(client, question)) !== wanted) {
        problems.push(`may ${wanted ? 'not ' : ''}${describe(question)}, and ${wanted ? 'needs to' : 'must not'}`);
      }
    }
  }
  return [...new Set(problems)];
}

function questions({ apiGroups, resources, verbs, resourceNames }: Permission, namespace?: string): Question[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((path) => {
      const [resource, subresource] = path.split('/') as [string, string | undefined];
      return verbs.flatMap((verb) =>
        (resourceNames ?? [undefined]).map((name) => ({ group, resource, subresource, verb, namespace, name })),
      );
    }),
  );
}

async function mayI(client: KubernetesApi, question: Question): Promise<boolean> {
  const review = await client.create<{ readonly status: { readonly allowed: boolean } }>(
    RESOURCES.selfSubjectAccessReviews,
    undefined,
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: question },
    },
  );
  return review.status.allowed;
}

function describe({ verb, resource, subresource, name, namespace }: Question): string {
  const what = subresource ? `${resource}/${subresource}` : resource;
  return `${verb} ${what}${name ? ` ${name}` : ''}${namespace ? ` in ${namespace}` : ''}`;
}

import { actionOf, type Permission } from '../actions';
import type { Log } from '../audit';
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

/** Rights that the server must not have: it needs none of them, and a bug could do great harm with them. */
const FORBIDDEN: readonly Question[] = [
  { group: '', resource: 'secrets', verb: 'get' },
  { group: '', resource: 'secrets', verb: 'list' },
  { group: '', resource: 'pods', subresource: 'exec', verb: 'create' },
  { group: 'apps', resource: 'deployments', verb: 'delete' },
  { group: 'apps', resource: 'deployments', verb: 'update' },
  { group: '*', resource: '*', verb: '*' },
  // Ways around the admission policy, which checks the ServiceAccount and cannot protect itself.
  { group: '', resource: 'users', verb: 'impersonate' },
  { group: '', resource: 'serviceaccounts', verb: 'impersonate' },
  { group: '', resource: 'serviceaccounts', subresource: 'token', verb: 'create' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies', verb: 'patch' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies', verb: 'delete' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings', verb: 'patch' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings', verb: 'delete' },
];

/** What the needed rights follow from. */
export interface RightsProps {
  readonly policies: readonly RemediationPolicy[];
  /** Namespace of the records. */
  readonly namespace: string;
  readonly killSwitch: string;
}

/** The rights that the server and its policies need, one question each. */
export function neededRights({ policies, namespace: own, killSwitch }: RightsProps): readonly Question[] {
  const ofPolicies = policies.flatMap((policy) => {
    const { permissions } = actionOf(policy).requirements(policy.parameters);
    return permissions.flatMap(({ namespace, rules }) => rules.flatMap((rule) => questions(rule, namespace)));
  });
  const ofServer = ownRights(killSwitch).flatMap((right) => questions(right, own));
  return [...ofServer, ...questions(TOKEN_REVIEW_RIGHT), ...ofPolicies];
}

/**
 * Asks the API server about the rights of this server, by SelfSubjectAccessReviews.
 *
 * @returns a line for each right that is missing, and for each that it must not have
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
      if ((await isAllowed(client, question)) !== wanted) {
        problems.push(
          `RBAC ${wanted ? 'does not allow' : 'allows'} ${describe(question)}, and ${wanted ? 'must' : 'must not'}`,
        );
      }
    }
  }
  return [...new Set(problems)];
}

/** Checks the rights repeatedly, and logs each new problem. The server is not ready while there is one. */
export class RightsCheck {
  private found: readonly string[] = ['the rights were not checked yet'];

  constructor(
    private readonly client: KubernetesApi,
    private readonly props: RightsProps,
    private readonly log: Log,
  ) {}

  /** A line for each problem of the last check. */
  get problems(): readonly string[] {
    return this.found;
  }

  /** @returns whether the rights are right */
  async check(): Promise<boolean> {
    const found = await checkRights(this.client, this.props).catch((error: Error) => [error.message]);
    for (const problem of found.filter((line) => !this.found.includes(line))) {
      this.log('error', problem);
    }
    this.found = found;
    return found.length === 0;
  }
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

async function isAllowed(client: KubernetesApi, question: Question): Promise<boolean> {
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

import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { AllowedUpdate } from '../../remediation';
import { LEASE_PREFIX, REMEDIATION } from '../../remediation';
import { clusterScoped, type Labels } from '../kit';
import { APPROVAL_UNCHANGED, OWN_EVENT, OWN_RECORD, OWN_STATUS, ownLease } from './own-objects';

export interface UpdateGuardProps {
  readonly name: string;
  readonly labels: Labels;
  /** The ServiceAccount whose updates are restricted. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** What it may change beside its own objects. */
  readonly allowedUpdates: readonly AllowedUpdate[];
  /** How long a step may take, and its lock be renewed, in seconds, 1 or more. */
  readonly longestStepSeconds: number;
}

/**
 * A ValidatingAdmissionPolicy that restricts the updates of a ServiceAccount to what its policies need. RBAC says which
 * objects it may patch; this policy says which of their fields. Without it, the right to patch a Deployment would be
 * the right to run any image. https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export class UpdateGuard extends Construct {
  constructor(scope: Construct, id: string, props: UpdateGuardProps) {
    super(scope, id);
    const { name, labels, serviceAccount } = props;
    const metadata = { name, labels: { ...labels } };
    const policy = new ApiObject(this, 'policy', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: ['*'],
              apiVersions: ['*'],
              resources: ['*/*'],
              operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
              scope: '*',
            },
          ],
        },
        matchConditions: [
          {
            name: 'the-webhook',
            expression: `request.userInfo.username == "system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}"`,
          },
        ],
        variables: [
          { name: 'what', expression: WHAT },
          { name: 'own', expression: own(props) },
          ...props.allowedUpdates.map((update, index) => ({ name: `update${index}`, expression: matches(update) })),
        ],
        validations: [
          {
            expression: ['variables.own', ...props.allowedUpdates.map((_, index) => `variables.update${index}`)].join(
              ' || ',
            ),
            messageExpression: `"${serviceAccount.name} may not " + request.operation + " " + variables.what + " " + ${NAME} + " like this: no policy needs it"`,
            reason: 'Forbidden',
          },
          {
            // Only a person may approve.
            expression: `variables.what != "${RECORDS}" || request.operation == "DELETE" || ${APPROVAL_UNCHANGED}`,
            message: `${serviceAccount.name} may not approve its own remediations`,
            reason: 'Forbidden',
          },
        ],
      },
    });
    const binding = new ApiObject(this, 'binding', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: name, validationActions: ['Deny'] },
    });
    clusterScoped(policy);
    clusterScoped(binding);
  }
}

/** CEL: the resource as error messages of the API server name it, e.g. `deployments/scale.apps`. */
const WHAT =
  'request.resource.resource + (request.?subResource.orValue("") == "" ? "" : "/" + request.subResource) + (request.resource.group == "" ? "" : "." + request.resource.group)';

/** CEL: the namespace; empty for cluster-scoped objects. */
const NAMESPACE = 'request.?namespace.orValue("")';

/** CEL: the name; empty for requests about a whole collection. */
const NAME = 'request.?name.orValue("")';

const RECORDS = `${REMEDIATION.plural}.${REMEDIATION.group}`;

/** CEL: the request is one that every webhook needs: its records, its locks, reviews, and Events about its targets. */
function own({ serviceAccount: { namespace }, allowedUpdates, longestStepSeconds }: UpdateGuardProps): string {
  const eventNamespaces = [namespace, ...allowedUpdates.map((update) => update.namespace)].filter(
    (name) => name !== undefined,
  );
  const lease = ownLease(longestStepSeconds, `${LEASE_PREFIX}budget-`);
  const here = `${NAMESPACE} == "${namespace}"`;
  const reviews = ['tokenreviews.authentication.k8s.io', 'selfsubjectaccessreviews.authorization.k8s.io'];
  return [
    // A request without a name would delete the whole collection.
    `(variables.what == "${RECORDS}" && ${here} && ${NAME} != "" && ${OWN_RECORD})`,
    `(variables.what == "${REMEDIATION.plural}/status.${REMEDIATION.group}" && ${here} && ${OWN_STATUS})`,
    `(variables.what == "leases.coordination.k8s.io" && ${here} && ${NAME}.startsWith("${LEASE_PREFIX}") && ${lease})`,
    `(request.operation == "CREATE" && variables.what in ${list(reviews)})`,
    `(variables.what == "events" && ${NAMESPACE} in ${list([...new Set(eventNamespaces)])} && ${OWN_EVENT})`,
  ].join(' || ');
}

/** CEL: the request is this update. */
function matches({ apiGroup, version, resource, namespace, names, expressions }: AllowedUpdate): string {
  const what = `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}`;
  return [
    'request.operation == "UPDATE"',
    `variables.what == "${what}"`,
    `request.resource.version == "${version}"`,
    `${NAMESPACE} == "${namespace ?? ''}"`,
    `${NAME} in ${list(names)}`,
    ...expressions.map((expression) => `(${expression})`),
  ].join(' && ');
}

function list(names: readonly string[]): string {
  return `[${names.map((name) => `"${name}"`).join(', ')}]`;
}

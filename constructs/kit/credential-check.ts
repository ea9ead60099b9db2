import type { k8s } from 'cdk8s-plus-28';

/** Name of the init container. */
export const CREDENTIAL_CHECK = 'check-credentials';

/**
 * Ends with 1 if a variable has a line break or another control character, and names its key in the Secret, never its
 * value. `kubectl create secret --from-file` keeps the line break at the end of a file. Servers would take it for a part
 * of the password, the login would fail, and alerts would say that the database is down.
 *
 * The arguments are pairs: the variable, and the key. The script has no `$(` and no `$$`, which Kubernetes would expand.
 */
const SCRIPT = `
status=0
while [ $# -gt 0 ]; do
  eval "value=\\\${$1}"
  case "$value" in
    *[[:cntrl:]]*)
      echo "the key $2 of the Secret has a line break: create the Secret again without it, e.g. with printf %s" >&2
      status=1 ;;
  esac
  shift 2
done
exit $status
`.trim();

/** The check of the variables that come from a Secret; `undefined` if there are none. It uses the container's image. */
export function credentialCheck(
  container: Pick<k8s.Container, 'image' | 'imagePullPolicy' | 'securityContext' | 'resources'>,
  variables: readonly k8s.EnvVar[],
): k8s.Container | undefined {
  const secret = variables.filter(({ valueFrom }) => valueFrom?.secretKeyRef);
  if (secret.length === 0) {
    return undefined;
  }
  return {
    name: CREDENTIAL_CHECK,
    ...container,
    command: ['sh', '-c', SCRIPT, CREDENTIAL_CHECK],
    args: secret.flatMap(({ name, valueFrom }) => [name, valueFrom!.secretKeyRef!.key]),
    env: [...secret],
  };
}

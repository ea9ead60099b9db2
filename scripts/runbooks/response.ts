import { actionOf, KEYS, type Limits, type RemediationPolicy } from '../../remediation';

/** The section of a runbook that is generated from the policy. */
const HEADING = '## Automated response';
const BEGIN = '<!-- written from the policy by "npm run runbooks" -->';
const END = '<!-- end of the response -->';

/** Where the server and its records are. */
export interface Place {
  readonly namespace: string;
  /** Name of the ConfigMap that stops every action. */
  readonly killSwitch: string;
  readonly limits: Pick<Limits, 'circuitFailures'>;
}

/** The section: what happens automatically about an alert, and how to see it, stop it and undo it. */
export function responseSection(policy: RemediationPolicy | undefined, place: Place): string {
  const text = policy ? describe(policy, place) : ['Nothing is done about this alert automatically.'];
  return [HEADING, '', BEGIN, '', ...text, '', END].join('\n');
}

/** A runbook with the section after its impact. An older version of the section is replaced. */
export function withResponse(runbook: string, policy: RemediationPolicy | undefined, place: Place): string {
  const begin = runbook.indexOf(`${HEADING}\n\n${BEGIN}`);
  const without =
    begin < 0 ? runbook : runbook.slice(0, begin) + runbook.slice(runbook.indexOf(END, begin) + END.length).trimStart();
  const next = without.indexOf('\n## ', without.indexOf('\n## Impact') + 1) + 1;
  return `${without.slice(0, next)}${responseSection(policy, place)}\n\n${without.slice(next)}`;
}

function describe(policy: RemediationPolicy, { namespace, killSwitch, limits }: Place): string[] {
  const { name, parameters, approval, cooldownSeconds, budgetPerHour, skipWhile, verification } = policy;
  const action = actionOf(policy);
  const conditions = skipWhile.map((each) => `\`${each.name}\``).join(' or ');
  return [
    `Policy \`${name}\`: ${lowerFirst(action.describe(parameters))}`,
    '',
    `- ${approval ? 'A person must approve each attempt.' : 'It runs without approval.'} ` +
      `At most ${budgetPerHour} attempts per hour, and ${minutes(cooldownSeconds)} between two attempts on the same target.`,
    ...(conditions ? [`- It is skipped while ${conditions} holds.`] : []),
    verification
      ? `- Its effect is verified from ${minutes(verification.stabilisationSeconds)} to ${minutes(verification.withinSeconds)} after the change. No data means no success.`
      : '- Its effect is verified right after the change.',
    `- It stops for a target after ${limits.circuitFailures} failed attempts in a row. Each failed attempt raises \`RemediationActionFailed\`.`,
    ...(action.revert ? ['- Temporary changes are reverted automatically.'] : []),
    '',
    'See what was decided and done about this alert:',
    '',
    '```bash',
    `kubectl get remediations -n ${namespace} --selector=${KEYS.policy}=${name}`,
    '```',
    '',
    'Stop every policy, with the reason:',
    '',
    '```bash',
    `kubectl patch configmap ${killSwitch} -n ${namespace} --type merge --patch '{"data":{"stop":"<reason>"}}'`,
    '```',
    '',
    'How to approve, undo and change a policy: [docs/remediation.md](../docs/remediation.md).',
  ];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function minutes(seconds: number): string {
  const count = Math.round(seconds / 60);
  return count === 1 ? '1 minute' : `${count} minutes`;
}

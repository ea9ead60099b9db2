import { actionOf, KEYS, type RemediationPolicy } from '../../remediation';

/** Marks of the part of a runbook that is written from the policy. */
const HEADING = '## Automated response';
const BEGIN = '<!-- written from the policy by "npm run runbooks" -->';
const END = '<!-- end of the response -->';

/** Where the server and its records are. */
export interface Place {
  readonly namespace: string;
  /** Name of the ConfigMap that stops every action. */
  readonly killSwitch: string;
}

/** What is done without a human about an alert, and how to see it, stop it and undo it. */
export function responseSection(policy: RemediationPolicy | undefined, place: Place): string {
  const text = policy ? describe(policy, place) : ['Nothing is done about this alert automatically.'];
  return [HEADING, '', BEGIN, '', ...text, '', END].join('\n');
}

/** A runbook with the section behind that of the impact; one of an earlier time is replaced. */
export function withResponse(runbook: string, policy: RemediationPolicy | undefined, place: Place): string {
  const begin = runbook.indexOf(`${HEADING}\n\n${BEGIN}`);
  const without =
    begin < 0 ? runbook : runbook.slice(0, begin) + runbook.slice(runbook.indexOf(END, begin) + END.length).trimStart();
  const next = without.indexOf('\n## ', without.indexOf('\n## Impact') + 1) + 1;
  return `${without.slice(0, next)}${responseSection(policy, place)}\n\n${without.slice(next)}`;
}

function describe(policy: RemediationPolicy, { namespace, killSwitch }: Place): string[] {
  const { name, parameters, approval, cooldownSeconds, budgetPerHour, skipWhile, verification } = policy;
  const { describe: what, revert } = actionOf(policy);
  const records = `kubectl get remediations -n ${namespace} --selector=${KEYS.policy}=${name}`;
  return [
    `Response \`${name}\`: ${lowerFirst(what(parameters))}`,
    '',
    `- ${approval ? 'A human agrees to each run first.' : 'It runs by itself.'} At most ${budgetPerHour} runs an hour, and a target rests for ${minutes(cooldownSeconds)} after each.`,
    ...(skipWhile.length > 0
      ? [`- It does nothing while ${skipWhile.map((each) => `\`${each.name}\``).join(' or ')} holds.`]
      : []),
    verification
      ? `- Whether it helped is looked at from ${minutes(verification.stabilisationSeconds)} to ${minutes(verification.withinSeconds)} after the change; what cannot be seen is no success.`
      : '- Whether it has done what it says is looked at right after the change.',
    `- Three runs in vain stop it for the target; a run that did not help is told as \`RemediationActionFailed\`.`,
    ...(revert ? ['- What it changes for a time it takes back itself.'] : []),
    '',
    'What was decided about this alert, and what was done:',
    '',
    '```bash',
    records,
    '```',
    '',
    'Stop every response, with the reason:',
    '',
    '```bash',
    `kubectl patch configmap ${killSwitch} -n ${namespace} --type merge --patch '{"data":{"stop":"<reason>"}}'`,
    '```',
    '',
    'How to approve, undo and change a response: [docs/remediation.md](../docs/remediation.md).',
  ];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function minutes(seconds: number): string {
  const count = Math.round(seconds / 60);
  return count === 1 ? '1 minute' : `${count} minutes`;
}

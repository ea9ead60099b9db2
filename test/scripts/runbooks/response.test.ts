import { blockAddress, type RemediationPolicy, restartWorkload } from '../../../remediation';
import { responseSection, withResponse } from '../../../scripts/runbooks/response';

const PLACE = { namespace: 'monitoring', killSwitch: 'webhook-switch', limits: { circuitFailures: 4 } };
const RUNBOOK = '# DemoDown\n\n## Meaning\n\nDown.\n\n## Impact\n\nNone yet.\n\n## Verify it is real\n\nLook.\n';

const restart: RemediationPolicy = restartWorkload({
  namespace: 'shop',
  deployments: ['checkout'],
  cooldownSeconds: 3600,
  skipWhile: [{ name: 'database-down', query: 'vector(1)' }],
  verification: { query: 'vector(1)', stabilisationSeconds: 60, withinSeconds: 600 },
});

describe('The automated response', () => {
  it('follows the impact, once, whatever the policy was before', () => {
    const once = withResponse(RUNBOOK, restart, PLACE);
    expect(once.match(/^## .*$/gm)).toEqual([
      '## Meaning',
      '## Impact',
      '## Automated response',
      '## Verify it is real',
    ]);
    expect(withResponse(once, restart, PLACE)).toBe(once);
    expect(withResponse(withResponse(once, undefined, PLACE), restart, PLACE)).toBe(once);
    expect(once.endsWith('## Verify it is real\n\nLook.\n')).toBe(true);
  });

  it('says what the policy says', () => {
    const text = responseSection(restart, PLACE);
    expect(text).toContain('Policy `restart-workload`: restarts the Deployment (checkout in shop)');
    expect(text).toContain('At most 3 attempts per hour, and 60 minutes between two attempts on the same target.');
    expect(text).toContain('It is skipped while `database-down` holds.');
    expect(text).toContain('from 1 minute to 10 minutes after the change');
    expect(text).toContain('after 4 failed attempts in a row');
    expect(text).toContain('kubectl patch configmap webhook-switch -n monitoring');
    expect(text).not.toContain('must approve');
  });

  it('says that a person must approve, and that a change is reverted, where it is so', () => {
    expect(responseSection({ ...restart, approval: true }, PLACE)).toContain('A person must approve each attempt.');
    expect(responseSection(restart, PLACE)).not.toContain('are reverted automatically');
    const policies = { address: blockAddress({ neverBlock: [], loadBalancers: [] }) as RemediationPolicy };
    expect(responseSection(policies.address, PLACE)).toContain('are reverted automatically');
  });

  it('is nothing where there is no policy', () => {
    expect(responseSection(undefined, PLACE)).toContain('Nothing is done about this alert automatically.');
  });
});

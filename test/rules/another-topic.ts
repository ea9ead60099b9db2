import type { Files } from '../support/rule-directory';

/** Another topic with an alert, its runbook and its test. */
export function anotherTopic(topic: string, alert = 'ShopDown', group = topic): Files {
  return {
    [`rules/${topic}.yaml`]: `groups:
  - name: ${group}
    rules:
      - alert: ${alert}
        expr: absent(up{job="shop"} == 1)
        labels: { severity: low, category: business }
        annotations: { summary: The shop is down, description: Nobody can buy. }
`,
    [`rules/tests/${alert}.yaml`]: 'tests: []\n',
    [`runbooks/${alert}.md`]: `# ${alert}\n`,
  };
}

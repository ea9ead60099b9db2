import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CatalogueSource } from '../../rules';

/** Files by path. `undefined` removes a file. */
export type Files = { readonly [path: string]: string | undefined };

/** A topic with one alert and one record, with runbook and test, that follows every convention. */
export const SOUND_RULES: Files = {
  'rules/demo.yaml': `groups:
  - name: demo.recording
    rules:
      - record: instance:demo_requests:rate5m
        expr: sum by (instance) (rate(demo_requests_total[5m]))
  - name: demo
    rules:
      - alert: DemoDown
        expr: absent(up{job="demo"} == 1)
        for: 5m
        labels: { severity: high, category: application }
        annotations:
          summary: The demo is down
          description: Prometheus has reached no target of {{ $labels.job }} for five minutes.
`,
  'rules/tests/DemoDown.yaml': 'tests: []\n',
  'runbooks/DemoDown.md': '# DemoDown\n',
};

/**
 * Runs a check on a temporary directory of rules.
 *
 * @param changes files that differ from `SOUND_RULES`
 */
export function withRuleDirectory<T>(changes: Files, check: (source: CatalogueSource) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'rules-'));
  try {
    for (const [path, content] of Object.entries({ ...SOUND_RULES, ...changes })) {
      if (content !== undefined) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
    }
    return check({ rules: join(root, 'rules'), runbooks: join(root, 'runbooks') });
  } finally {
    rmSync(root, { recursive: true });
  }
}

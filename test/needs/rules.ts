import { keepUsed, metricLists, type Prometheus, RuleCatalogue } from '../../index';
import { configFiles, type Manifest } from '../../testing/manifests';
import { find } from '../../testing/render';
import { withRuleDirectory } from '../support/rule-directory';
import { serverConfig } from '../support/server-config';
import type { Make, Proof, Section, Shows } from './need';
import { everybody, platform, withPlatform } from './platform';

const LINKS = { runbook: ({ alert }: { alert: string }) => `https://wiki.example.com/${alert}` };

type Rule = {
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Manifest;
  readonly annotations?: Manifest;
};

/** The rules of a topic, as Prometheus reads them. */
const rulesOf = (manifests: readonly Manifest[], topic: string): readonly Rule[] =>
  serverConfig(manifests, `prometheus-rules-${topic}`, `${topic}.yaml`).groups.flatMap(({ rules }: Manifest) => rules);
const alertOf = (manifests: readonly Manifest[], topic: string, name: string): Rule =>
  rulesOf(manifests, topic).find(({ alert }) => alert === name)!;

/** A platform with the rules of a catalogue. */
const loading = (catalogue: () => RuleCatalogue, links: Parameters<Prometheus['addRules']>[1] = LINKS): Make =>
  withPlatform({}, ({ prometheus }) => prometheus.addRules(catalogue(), links));

const general = () => RuleCatalogue.general({ topics: ['nodes', 'volumes', 'prometheus'] });

/** A catalogue without the adjustment: the proof must fail on it. */
const adjusted = (adjust: (catalogue: RuleCatalogue) => RuleCatalogue, shows: Shows): Proof => ({
  by: 'prop',
  make: loading(() => adjust(general())),
  shows,
  instead: loading(general),
});

/** Rules in the ways of mixins, Sloth and hand-written files. */
const THEIRS = {
  groups: [
    {
      name: 'sloth-slo-alerts-orders',
      rules: [
        {
          record: 'slo:sli_error:ratio_rate5m',
          expr: 'sum(rate(orders_errors_total[5m]))',
          labels: { sloth_id: 'orders' },
        },
        {
          alert: 'orders_error_budget_burn',
          expr: 'slo:sli_error:ratio_rate5m > 0.01',
          labels: { severity: 'warning' },
          annotations: { message: 'Orders burn their budget.', runbook_url: 'https://wiki.example.com/burn' },
        },
      ],
    },
  ],
};

/** Needs about rules. */
export const rules: Section = {
  id: 'C7',
  title: 'rules',
  needs: [
    {
      need: 'own rules',
      proofs: [
        {
          by: 'prop',
          make: loading(() => withRuleDirectory({}, RuleCatalogue.read)),
          shows: (manifests) =>
            expect(alertOf(manifests, 'demo', 'DemoDown').annotations).toMatchObject({
              runbook_url: 'https://wiki.example.com/DemoDown',
            }),
        },
        {
          by: 'recipe',
          page: 'alerts.md',
          under: 'Rules of other projects',
          shows: (manifests) => expect(alertOf(manifests, 'queue', 'QueueFull').expr).toBe('queue_length > 100'),
        },
      ],
    },
    {
      need: 'existing rules (mixin, Sloth, severity warning, lower-case names, `runbook_url`, `message`)',
      proofs: [
        {
          by: 'prop',
          make: loading(() => RuleCatalogue.foreign([{ topic: 'sloth', document: THEIRS }])),
          shows: (manifests) => {
            const [record, alert] = rulesOf(manifests, 'sloth');
            expect(record).toEqual(THEIRS.groups[0]!.rules[0]);
            expect(alert).toMatchObject(THEIRS.groups[0]!.rules[1]!);
          },
        },
        {
          by: 'prop',
          make: loading(() =>
            RuleCatalogue.foreign([{ topic: 'sloth', document: THEIRS }], {
              severities: { warning: 'medium' },
              category: 'orders',
            }),
          ),
          shows: (manifests) =>
            expect(alertOf(manifests, 'sloth', 'orders_error_budget_burn').labels).toEqual({
              severity: 'medium',
              category: 'orders',
            }),
        },
      ],
    },
    {
      need: 'raw rule file by own ConfigMap',
      proofs: [
        {
          by: 'refused',
          make: withPlatform({ metrics: { config: JSON.parse('{ "rule_files": ["/etc/orders/*.yaml"] }') } }),
          message: 'config.rule_files is ["/etc/orders/*.yaml"]: remove it; call addRules()',
        },
        { by: 'limit', row: 'Rule files in a ConfigMap of your own' },
      ],
    },
    {
      need: 'disable one alert, change threshold/for/severity, add a label',
      proofs: [
        adjusted(
          (catalogue) =>
            catalogue.disable('NodeClockSkew').change('NodeFilesystemAlmostFull', {
              severity: 'high',
              for: '30m',
              thresholds: { free: 0.125 },
              labels: { tier: '1' },
            }),
          (manifests) => {
            expect(alertOf(manifests, 'nodes', 'NodeClockSkew')).toBeUndefined();
            const changed = alertOf(manifests, 'nodes', 'NodeFilesystemAlmostFull');
            expect(changed).toMatchObject({ for: '30m', labels: { severity: 'high', tier: '1' } });
            expect(changed.expr).toContain('< 0.125');
          },
        ),
        {
          by: 'recipe',
          page: 'alerts.md',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'own');
            expect(rulesOf(own, 'workloads').length).toBeGreaterThan(5);
          },
        },
      ],
    },
    {
      need: 'disable a topic',
      proofs: [
        adjusted(
          (catalogue) => catalogue.without(['volumes']),
          (manifests) => {
            expect(rulesOf(manifests, 'nodes').length).toBeGreaterThan(5);
            expect(JSON.stringify(manifests)).not.toContain('prometheus-rules-volumes');
          },
        ),
      ],
    },
    {
      need: 'labels on all alerts',
      proofs: [
        adjusted(
          (catalogue) => catalogue.withLabels({ team: 'platform' }),
          (manifests) => {
            const alerts = ['nodes', 'prometheus']
              .flatMap((topic) => rulesOf(manifests, topic))
              .filter(({ alert }) => alert);
            expect(alerts.length).toBeGreaterThan(20);
            expect(alerts.filter(({ labels }) => labels?.team !== 'platform')).toEqual([]);
          },
        ),
      ],
    },
    {
      need: 'own runbook URL',
      proofs: [
        {
          by: 'prop',
          make: loading(general, { runbook: ({ alert }) => `https://runbooks.example.com/orders/${alert}` }),
          shows: (manifests) => {
            const alerts = rulesOf(manifests, 'nodes').filter(({ alert }) => alert);
            for (const { alert, annotations } of alerts) {
              expect(annotations).toMatchObject({ runbook_url: `https://runbooks.example.com/orders/${alert}` });
            }
          },
          instead: loading(general),
        },
      ],
    },
    {
      need: 'packaged playbooks served',
      proofs: [
        {
          by: 'recipe',
          page: 'alerts.md',
          under: 'Serve the runbooks of the package',
          shows: (manifests) => {
            expect(configFiles(manifests, 'remediation-webhook-runbooks-00')).toHaveProperty(['AlertmanagerDown.md']);
            expect(find(manifests, 'Service', 'remediation-webhook').spec.ports.length).toBeGreaterThan(0);
          },
        },
      ],
    },
    {
      need: 'own + packaged catalogue',
      proofs: [
        {
          by: 'prop',
          make: (chart) => {
            const own = withRuleDirectory({}, RuleCatalogue.read);
            const catalogue = general().with(own);
            const { prometheus } = platform(chart, {
              alerts: { levels: everybody({ slack: ['#orders'] }), inhibitions: catalogue.inhibitions },
            });
            prometheus.addRules(catalogue, LINKS);
          },
          shows: (manifests) => {
            expect(alertOf(manifests, 'demo', 'DemoDown')).toBeDefined();
            expect(rulesOf(manifests, 'nodes').length).toBeGreaterThan(5);
            const { inhibit_rules } = serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');
            expect(JSON.stringify(inhibit_rules)).toContain('NodeNotReady');
          },
        },
      ],
    },
    {
      need: 'metrics kept',
      proofs: [
        {
          by: 'prop',
          make: (chart) => {
            const catalogue = general();
            const keep = keepUsed({ uses: catalogue.uses, lists: metricLists(), extraNames: ['node_vmstat_pgfault'] });
            platform(chart, { metrics: { keep } }).prometheus.addRules(catalogue, LINKS);
          },
          shows: (manifests) => {
            const { scrape_configs } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
            const [rule] = scrape_configs
              .find(({ job_name }: Manifest) => job_name === 'node-exporter')
              .metric_relabel_configs.filter(({ action }: Manifest) => action === 'keep');
            expect(rule.source_labels).toEqual(['__name__']);
            expect(rule.regex.split('|')).toEqual(
              expect.arrayContaining(['node_filesystem_avail_bytes', 'node_vmstat_pgfault']),
            );
            expect(rule.regex.split('|')).not.toContain('node_arp_entries');
          },
        },
      ],
    },
  ],
};

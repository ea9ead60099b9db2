import { load } from 'js-yaml';
import { type AlertLinks, RuleCatalogue, type RuleFile } from '../../rules';
import { withRuleDirectory } from '../support/rule-directory';
import { anotherTopic } from './another-topic';

describe('the rendered rules', () => {
  const links: AlertLinks = {
    runbook: ({ alert }) => `https://runbooks.example.com/${alert}`,
    dashboard: ({ labels }) => (labels.category === 'application' ? 'https://grafana.example.com/d/app' : undefined),
  };
  const rendered = (catalogue: RuleCatalogue, how = links) =>
    catalogue.render(how).map(({ topic, content }) => ({ topic, groups: (load(content) as RuleFile).groups }));

  /** The rules without derived annotations, and these annotations by alert. */
  function separated(files: readonly RuleFile[]) {
    const derived: Record<string, object> = {};
    const rest = files.map(({ topic, groups }) => ({
      topic,
      groups: groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => {
          if (!('alert' in rule)) {
            return rule;
          }
          const { runbook_url, dashboard_url, ...annotations } = rule.annotations;
          derived[rule.alert] = { runbook_url, dashboard_url };
          return { ...rule, annotations };
        }),
      })),
    }));
    return { derived, rest };
  }

  const catalogue = withRuleDirectory(anotherTopic('shop'), RuleCatalogue.read);

  test('have the links of each alert', () => {
    expect(separated(rendered(catalogue)).derived).toEqual({
      DemoDown: {
        runbook_url: 'https://runbooks.example.com/DemoDown',
        dashboard_url: 'https://grafana.example.com/d/app',
      },
      ShopDown: { runbook_url: 'https://runbooks.example.com/ShopDown', dashboard_url: undefined },
    });
  });

  test('have no link to a dashboard where there is none', () => {
    const { derived } = separated(rendered(catalogue, { runbook: links.runbook }));
    expect(Object.values(derived)).toEqual([
      expect.objectContaining({ dashboard_url: undefined }),
      expect.objectContaining({ dashboard_url: undefined }),
    ]);
  });

  test.each([
    ['the rules', () => catalogue],
    ["SightEdit's rules", () => RuleCatalogue.sightEdit()],
  ])('are otherwise %s', (_name, source) => {
    expect(separated(rendered(source())).rest).toEqual(source().files);
  });
});

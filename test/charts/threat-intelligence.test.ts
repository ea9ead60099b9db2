import { App } from 'cdk8s';
import { addSightEditMonitoring, resolveSettings, sightEdit } from '../../charts';
import { configFiles } from '../../testing/manifests';
import { find, manifestsOf } from '../../testing/render';

const written = (feeds: { name: string; url: string }[]) => {
  const app = new App();
  addSightEditMonitoring(app, 'demo', resolveSettings({ ...sightEdit, threatIntelligence: { feeds } }, 'dev'));
  return manifestsOf(app);
};
const webhook = (manifests: ReturnType<typeof written>) =>
  JSON.parse(configFiles(manifests, 'remediation-webhook-config')['remediation.json']!);

test('without a feed, nothing of threat intelligence is deployed', () => {
  const manifests = written([]);
  expect(manifests.filter(({ metadata }) => metadata.name.startsWith('threat-intelligence'))).toEqual([]);
  expect(webhook(manifests)).not.toHaveProperty('threats');
});

test('with a feed, the webhook looks addresses up, and the CronJob runs as Pod Security restricted admits', () => {
  const manifests = written([{ name: 'botnet', url: 'https://feeds.example.com/addresses.txt' }]);
  expect(webhook(manifests).threats).toBe('http://threat-intelligence.sightedit-monitoring.svc:8080');
  expect(JSON.stringify(find(manifests, 'NetworkPolicy', 'threat-intelligence').spec.ingress)).toContain(
    'remediation-webhook',
  );
  expect(find(manifests, 'CronJob', 'threat-intelligence-update').metadata.namespace).toBe('sightedit-monitoring');
});

test('a feed that cannot work is refused with the name of the setting', () => {
  expect(() => written([{ name: 'botnet', url: 'feeds' }])).toThrow(
    'threatIntelligence.feeds.url is "feeds": write a URL, e.g. https://feeds.example.com/addresses.txt',
  );
});

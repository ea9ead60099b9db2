import type { MonitoringInput } from '../../charts';

/** The fewest settings of a platform that is not SightEdit's. */
export const DEMO: MonitoringInput = {
  cluster: 'demo',
  environment: 'test',
  region: 'mars-1',
  platform: 'eks',
  application: { probedUrls: ['https://shop.example.com/health'] },
  alerting: {
    channels: { slack: { kind: 'webhook' } },
    levels: { critical: { slack: ['#a'] }, high: { slack: ['#a'] }, medium: { slack: ['#a'] }, low: { slack: ['#a'] } },
  },
  remediation: { loadBalancers: [] },
};

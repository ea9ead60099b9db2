import type { MonitoringInput } from './settings';

/** SightEdit's own settings. Edit this file for another cluster, other recipients or other channels. */
export const sightEdit: MonitoringInput = {
  cluster: 'sightedit-production',
  environment: 'production',
  region: 'us-east-1',
  platform: 'eks',
  application: {
    probedUrls: ['https://api.sightedit.com/health', 'https://cdn.sightedit.com/status'],
  },
  alerting: {
    channels: {
      slack: { kind: 'app' },
      email: {
        smarthost: 'smtp.sightedit.com:587',
        from: 'monitoring@sightedit.com',
        username: 'monitoring@sightedit.com',
      },
      pagerDuty: {},
      sms: { kind: 'gateway' },
      webhook: {},
    },
    levels: {
      critical: {
        pagerDuty: 'critical',
        sms: true,
        slack: ['#alerts-critical'],
        email: ['oncall@sightedit.com'],
        webhook: true,
      },
      high: { pagerDuty: 'error', slack: ['#alerts-critical'], webhook: true },
      medium: { slack: ['#alerts-warning'], webhook: true },
      low: { email: ['monitoring@sightedit.com'] },
    },
    teams: {
      application: { slack: ['#development'], email: ['dev-team@sightedit.com'] },
      business: { email: ['business@sightedit.com'], businessHoursOnly: true },
      database: { email: ['dba@sightedit.com'] },
      infrastructure: { slack: ['#infrastructure'], email: ['infrastructure@sightedit.com'] },
      security: { slack: ['#security-alerts'], email: ['security@sightedit.com'] },
      meta: { slack: ['#infrastructure'] },
    },
    fallback: { slack: ['#alerts-critical'], email: ['oncall@sightedit.com'] },
    businessHours: { start: '09:00', end: '17:00', timeZone: 'America/New_York' },
    deadMansSwitch: {},
  },
  remediation: {
    slackChannel: '#infrastructure',
    // Addresses for documentation (RFC 5737, RFC 3849). Put those of your load balancers in their place.
    loadBalancers: ['203.0.113.10/32', '203.0.113.11/32', '2001:db8:10::/64'],
  },
};

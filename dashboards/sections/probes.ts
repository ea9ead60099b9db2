import { DurationSeconds, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { type Section, stat, stateTimeline, timeSeries } from '../kit';

const DAY = 86400;

/** The public URLs, as probed from outside the application. */
export const probes: Section = {
  title: 'Certificates and probes',
  lines: [
    [
      stateTimeline({
        title: 'Public URLs',
        description: 'Whether a probe of the URL succeeds: DNS, connection, certificate and response.',
        states: { 0: 'Failed', 1: 'Reachable' },
        queries: [{ expr: 'max by (instance) (probe_success{job="blackbox-http"})', legend: '{{instance}}' }],
      }),
      timeSeries({
        title: 'Probe duration',
        description:
          'Time from the DNS lookup to the last byte. The URLs only report health, so real requests are slower.',
        unit: Seconds,
        limit: { alert: 'ProbeSlow', value: 1 },
        queries: [{ expr: 'max by (instance) (probe_duration_seconds{job="blackbox-http"})', legend: '{{instance}}' }],
      }),
      stat({
        title: 'Certificates expire in',
        description:
          'Time until the first certificate of the chain expires. From then on browsers refuse the connection.',
        unit: DurationSeconds,
        limit: { alert: 'CertificateExpiringSoon', value: 14 * DAY, fires: 'below' },
        noValue: 'No certificate seen',
        queries: [
          {
            expr: 'min by (instance) (last_over_time(probe_ssl_earliest_cert_expiry{job="blackbox-http"}[15m])) - time()',
            legend: '{{instance}}',
          },
        ],
      }),
    ],
  ],
};

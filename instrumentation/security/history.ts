import type { SecurityEvent, SecurityEventType, SecurityMetrics, SecuritySeverity } from './types';

interface Kept {
  readonly at: number;
  readonly type: SecurityEventType;
  readonly severity: SecuritySeverity;
  readonly sourceIP?: string;
  readonly risk: number;
}

const MOST = 10_000;
const DAY_MS = 86_400_000;

/** The last 10,000 security events of this process. */
export class EventHistory {
  private readonly events: Kept[] = [];
  private next = 0;

  constructor(private readonly now: () => number) {}

  /** Keeps an event. @param risk score of the event */
  add({ type, severity, sourceIP }: SecurityEvent, risk: number): void {
    this.events[this.next] = { at: this.now(), type, severity, sourceIP: sourceIP?.slice(0, 64), risk };
    this.next = (this.next + 1) % MOST;
  }

  /** Summary of the events of the last milliseconds. */
  summary(timeframeMs: number): SecurityMetrics {
    const since = (milliseconds: number) => this.events.filter(({ at }) => at >= this.now() - milliseconds);
    const events = since(timeframeMs);
    const byType = countBy(events, ({ type }) => type);
    const bySeverity = countBy(events, ({ severity }) => severity);
    const byAddress = countBy(events, ({ sourceIP }) => sourceIP);
    const distribution = [0, 0, 0, 0, 0];
    for (const { risk } of events) {
      distribution[Math.min(4, Math.floor(risk / 20))]! += 1;
    }
    return {
      totalEvents: events.length,
      eventsByType: Object.fromEntries(byType),
      eventsBySeverity: { low: 0, medium: 0, high: 0, critical: 0, ...Object.fromEntries(bySeverity) },
      topSourceIPs: [...byAddress]
        .sort(([, one], [, other]) => other - one)
        .slice(0, 10)
        .map(([ip, count]) => ({ ip, count })),
      riskScoreDistribution: distribution,
      averageRiskScore: events.length === 0 ? 0 : events.reduce((sum, { risk }) => sum + risk, 0) / events.length,
      criticalEventsLast24h: since(DAY_MS).filter(({ severity }) => severity === 'critical').length,
    };
  }
}

function countBy(events: readonly Kept[], key: (event: Kept) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) {
    const name = key(event);
    if (name !== undefined) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

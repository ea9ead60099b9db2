import type { SecurityEventType, SecuritySeverity } from './types';

/** Scores and multipliers that SightEdit has in use. */
const TYPE_SCORES: Readonly<Record<SecurityEventType, number>> = {
  auth_failure: 10,
  rate_limit_violation: 20,
  suspicious_login: 30,
  suspicious_api_usage: 40,
  brute_force: 60,
  unauthorized_access: 70,
  xss_attempt: 80,
  malicious_file_upload: 85,
  sql_injection: 90,
  fraud_attempt: 90,
  privilege_escalation: 95,
  account_takeover: 95,
  data_exfiltration: 100,
};

const MULTIPLIERS: Readonly<Record<SecuritySeverity, number>> = { low: 1, medium: 1.3, high: 1.6, critical: 2 };
const INTELLIGENCE_SCORES: Readonly<Record<SecuritySeverity, number>> = { low: 5, medium: 15, high: 30, critical: 50 };
const SUSPICIOUS_USER = 20;

/** Types of security events. */
export const SECURITY_EVENT_TYPES = Object.keys(TYPE_SCORES) as readonly SecurityEventType[];

/** Severities, from low to critical. */
export const SECURITY_SEVERITIES = Object.keys(MULTIPLIERS) as readonly SecuritySeverity[];

/** What the score of an event depends on. */
export interface Risk {
  /** Type of the event. */
  readonly type: SecurityEventType;
  /** Severity of the event. */
  readonly severity: SecuritySeverity;
  /** Level of the threat intelligence about the address. @default - nothing is known */
  readonly intelligence?: SecuritySeverity;
  /** Whether the user had a high risk score before. @default false */
  readonly suspiciousUser?: boolean;
}

/** Score from 0 to 100: type × severity, plus what is known about the address and the user. */
export function riskScore({ type, severity, intelligence, suspiciousUser = false }: Risk): number {
  const known = (intelligence ? INTELLIGENCE_SCORES[intelligence] : 0) + (suspiciousUser ? SUSPICIOUS_USER : 0);
  return Math.min(100, Math.round(TYPE_SCORES[type] * MULTIPLIERS[severity] + known));
}

/** Level of a score: critical from 90, high from 70, medium from 40. */
export function riskLevel(score: number): SecuritySeverity {
  return score >= 90 ? 'critical' : score >= 70 ? 'high' : score >= 40 ? 'medium' : 'low';
}

/**
 * Severity in metrics. An event of a known attacker, or of a suspicious user, is critical from a score of 90. Of others
 * it keeps its own severity: each probe for SQL injection would score 90, and they occur every day.
 */
export function countedSeverity(risk: Risk): SecuritySeverity {
  const known = risk.intelligence === 'high' || risk.intelligence === 'critical' || risk.suspiciousUser;
  return known && riskScore(risk) >= 90 ? 'critical' : risk.severity;
}

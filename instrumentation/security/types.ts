/** Types of security events. */
export type SecurityEventType =
  | 'auth_failure'
  | 'suspicious_login'
  | 'brute_force'
  | 'sql_injection'
  | 'xss_attempt'
  | 'unauthorized_access'
  | 'privilege_escalation'
  | 'data_exfiltration'
  | 'rate_limit_violation'
  | 'malicious_file_upload'
  | 'suspicious_api_usage'
  | 'account_takeover'
  | 'fraud_attempt';

/** How serious an event is, or how dangerous an address. */
export type SecuritySeverity = 'low' | 'medium' | 'high' | 'critical';

/** A security event, as the application reports it. */
export interface SecurityEvent {
  /** What happened. */
  readonly type: SecurityEventType;
  /** How serious it is. */
  readonly severity: SecuritySeverity;
  /** The user. It reaches the log as the setting `identities` says, and no metric. @default - unknown */
  readonly userId?: string;
  /** The session. @default - unknown */
  readonly sessionId?: string;
  /** Address of the client, by `clientAddress()`. @default - unknown */
  readonly sourceIP?: string;
  /** The client's `User-Agent`. @default - unknown */
  readonly userAgent?: string;
  /** What the client did, e.g. `login_failed`. */
  readonly action: string;
  /** What it did it to. @default - unknown */
  readonly resource?: string;
  /** Anything else. Secrets are replaced before it reaches the log. */
  readonly details: Readonly<Record<string, unknown>>;
  /** What became of the request. @default reported */
  readonly result?: 'rejected' | 'allowed' | 'reported';
}

/** What is known about an address. */
export interface ThreatIntelligence {
  /** The address. */
  readonly ipAddress: string;
  /** How dangerous it is. */
  readonly riskLevel: SecuritySeverity;
  /** Reasons, e.g. `tor`, `botnet`. */
  readonly categories: readonly string[];
  /** When it was last seen, in milliseconds since 1970. */
  readonly lastSeen: number;
  /** Who says so. */
  readonly source: string;
}

/** Security events of a time frame, in this process. */
export interface SecurityMetrics {
  /** All events. */
  readonly totalEvents: number;
  /** Events by type. Types without an event are missing. */
  readonly eventsByType: Readonly<Partial<Record<SecurityEventType, number>>>;
  /** Events by severity. */
  readonly eventsBySeverity: Readonly<Record<SecuritySeverity, number>>;
  /** The ten addresses with most events. */
  readonly topSourceIPs: readonly {
    /** The address. */
    readonly ip: string;
    /** Its events. */
    readonly count: number;
  }[];
  /** Events with a risk score of 0–19, 20–39, 40–59, 60–79, 80–100. */
  readonly riskScoreDistribution: readonly number[];
  /** Mean risk score, or 0 without events. */
  readonly averageRiskScore: number;
  /** Critical events of the last 24 hours, whatever the time frame. */
  readonly criticalEventsLast24h: number;
}

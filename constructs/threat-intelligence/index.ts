export type { ThreatLevel } from '../../remediation/threats/levels';
export {
  THREAT_DEFAULTS,
  ThreatIntelligence,
  type ThreatIntelligenceProps,
} from './threat-intelligence';
export type { ThreatFeed, ThreatLimits } from './threat-intelligence-config';

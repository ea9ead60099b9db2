/** The public surface of the package. Everything that is not exported here may change at any time. */
export * from './charts';
export * from './constructs';
export type { Dashboard } from './dashboards';
export {
  type Annotation,
  activeAlerts,
  clusterVariables,
  type DashboardDefinition,
  defineDashboard,
  faultCount,
  type Limit,
  type MeasureSpec,
  type PanelSpec,
  type Query,
  type QueryVariable,
  type Section,
  type States,
  stat,
  stateTimeline,
  statusStat,
  timeSeries,
} from './dashboards/kit';
export {
  applicationJobs,
  type KeepList,
  type KeepProps,
  KnownMetrics,
  type KnownProps,
  keepUsed,
  type Metric,
  type MetricList,
  type Metrics,
  metricLists,
  provenanceProblems,
} from './metrics';
export {
  blockAddress,
  clearCache,
  openIncident,
  type RemediationPolicy,
  resetConnections,
  restartWorkload,
  scaleUp,
} from './remediation';
export {
  type AlertingRule,
  type AlertLinks,
  CATEGORIES,
  CatalogueError,
  type CatalogueSource,
  type Category,
  type Inhibition,
  type MetricUse,
  type RecordingRule,
  type Rule,
  RuleCatalogue,
  type RuleFile,
  type RuleGroup,
  SEVERITIES,
  type ServiceLevelIndicator,
  type ServiceLevelObjective,
  type Severity,
} from './rules';
export { type SqlCollector, type SqlMetric, type SqlQuery, sqlCollectors } from './rules/sql';

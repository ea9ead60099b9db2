export * from './charts';
export * from './constructs';
export {
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
export * from './rules';

export { activeAlerts } from './active-alerts';
export { type Annotation, type Dashboard, type DashboardDefinition, defineDashboard } from './dashboard';
export type { Section } from './layout';
export type { Limit } from './limit';
export type { MeasureSpec, Panel, PanelSpec, Query } from './panel';
export { faultCount, type States, stat, stateTimeline, statusStat, timeSeries } from './panels';
export { clusterVariables, type QueryVariable } from './variables';

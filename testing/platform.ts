import { App } from 'cdk8s';
import {
  addSightEditMonitoring,
  type MonitoringInput,
  type Profile,
  resolveSettings,
  type SightEditCharts,
  sightEdit,
} from '../charts';
import type { Manifest } from './manifests';

/** SightEdit's platform, constructed in memory. */
export interface Platform {
  readonly charts: SightEditCharts;
  /** Every object, rendered on the first access. */
  readonly manifests: readonly Manifest[];
}

const platforms = new Map<string, Platform>();

/**
 * SightEdit's platform with some settings changed. Constructing it takes most of a second, so each combination is
 * constructed once in a process.
 */
export function sightEditPlatform(changes: Partial<MonitoringInput> = {}, profile: Profile = 'production'): Platform {
  const key = JSON.stringify([changes, profile]);
  const known = platforms.get(key) ?? construct(changes, profile);
  platforms.set(key, known);
  return known;
}

function construct(changes: Partial<MonitoringInput>, profile: Profile): Platform {
  const app = new App();
  const charts = addSightEditMonitoring(app, 'sightedit', resolveSettings({ ...sightEdit, ...changes }, profile));
  let manifests: readonly Manifest[] | undefined;
  return {
    charts,
    get manifests() {
      manifests ??= app.charts.flatMap((chart) => chart.toJson() as Manifest[]);
      return manifests;
    },
  };
}

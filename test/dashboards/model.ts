import type { Dashboard } from '../../dashboards';

/** The parts of Grafana's classic JSON that the lint checks. */
export interface Model {
  readonly title?: string;
  readonly description?: string;
  readonly uid?: string;
  readonly editable?: boolean;
  readonly timezone?: string;
  readonly refresh?: string;
  readonly tags?: readonly string[];
  readonly schemaVersion?: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly refresh?: number;
}

export interface Panel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
    };
  };
  /** Panels of a collapsed heading. */
  readonly panels?: readonly Panel[];
}

export interface Target {
  readonly refId?: string;
  readonly expr: string;
  readonly datasource?: DataSource;
}

export interface DataSource {
  readonly type?: string;
  readonly uid?: string;
}

export function modelOf({ json }: Dashboard): Model {
  return json as Model;
}

/** Every panel, including headings and the panels of collapsed headings. */
export function panelsOf({ panels }: Model): readonly Panel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

import { RowBuilder, type RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Panel } from './panel';

/** A part of a dashboard with a heading. */
export interface Section {
  /** Heading of the part. */
  readonly title: string;
  /** Lines of panels. The panels of a line share its width equally. */
  readonly lines: readonly (readonly Panel[])[];
}

/** Width of Grafana's grid. */
const COLUMNS = 24;
const ROW_HEIGHT = 1;
/** Height of each type of panel, in units of 30 pixels. A line is as high as its highest panel. */
const HEIGHTS: { readonly [type: string]: number } = { stat: 4, timeseries: 8, statetimeline: 8, table: 8 };

/**
 * The headings and panels of a dashboard, with their positions and ids.
 *
 * @internal
 */
export function layOut(sections: readonly Section[]): readonly (Panel | RowPanel)[] {
  const placed: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const { title, lines } of sections) {
    placed.push(heading(title, y));
    y += ROW_HEIGHT;
    for (const line of lines) {
      const height = Math.max(...line.map(({ type }) => HEIGHTS[type] ?? HEIGHTS.timeseries!));
      const width = Math.floor(COLUMNS / line.length);
      placed.push(
        ...line.map((panel, index) => ({
          ...panel,
          id: panelId(`${title}/${panel.title}`),
          gridPos: { x: index * width, y, w: width, h: height },
        })),
      );
      y += height;
    }
  }
  return placed;
}

function heading(title: string, y: number): RowPanel {
  return new RowBuilder(title).id(panelId(title)).gridPos({ x: 0, y, w: COLUMNS, h: ROW_HEIGHT }).build();
}

/**
 * An id derived from the panel's titles (FNV-1a), so that links to a panel survive when others are added or moved. The
 * lint in the tests reports a collision: change one of the titles.
 */
function panelId(path: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(path)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return 1 + (hash % 1_000_000);
}

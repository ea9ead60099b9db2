import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { MonitoringChart, type MonitoringChartProps } from './monitoring-chart';

export interface PayloadChartProps extends MonitoringChartProps {
  /** What the content is generated from, as a path of the repository. */
  readonly source: string;
}

/** A manifest file of ConfigMaps with generated content, kept apart from the files that people review. */
export class PayloadChart extends MonitoringChart {
  /** First line of the file. */
  readonly header: string;

  constructor(scope: Construct, id: string, props: PayloadChartProps) {
    super(scope, id, props);
    this.header = `# Generated from ${props.source} by "npm run synth". Do not edit or review: read the source.\n`;
  }
}

/** Adds the first line to the files of the payload charts. Call it after `app.synth()`. */
export function writePayloadHeaders(app: App): void {
  for (const chart of app.charts.filter(isPayloadChart)) {
    // cdk8s numbers the files of charts that depend on each other: `0005-<id>.k8s.yaml`.
    const file = readdirSync(app.outdir).find((name) => name.replace(/^\d+-/, '') === `${chart.node.id}.k8s.yaml`);
    if (file) {
      const path = join(app.outdir, file);
      writeFileSync(path, chart.header + readFileSync(path, 'utf8'));
    }
  }
}

/** `Chart` overrides `instanceof`: every chart is an instance of every subclass. */
function isPayloadChart(chart: Chart): chart is PayloadChart {
  return 'header' in chart;
}

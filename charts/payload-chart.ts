import type { Construct } from 'constructs';
import { MonitoringChart, type MonitoringChartProps } from './monitoring-chart';

/** Props of `PayloadChart`. */
export interface PayloadChartProps extends MonitoringChartProps {
  /** What the content is generated from, as a path of the repository. */
  readonly source: string;
}

/** A manifest file of ConfigMaps with generated content, kept apart from the files that people review. */
export class PayloadChart extends MonitoringChart {
  /** First line of the file; `ManifestApp` writes it. */
  readonly header: string;

  constructor(scope: Construct, id: string, props: PayloadChartProps) {
    super(scope, id, props);
    this.header = `# Generated from ${props.source} by "npm run synth". Do not edit or review: read the source.\n`;
  }
}

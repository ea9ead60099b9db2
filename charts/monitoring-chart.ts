import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { IMAGE_REGISTRY_CONTEXT } from '../constructs';

export interface MonitoringChartProps {
  /** Namespace of the chart's objects. @default - each object names its own */
  readonly namespace?: string;
  /** Registry that every image is pulled from. @default - each image's own */
  readonly imageRegistry?: string;
}

/** A file of manifests: objects keep the names that their constructs give them, and belong to one platform. */
export class MonitoringChart extends Chart {
  constructor(scope: Construct, id: string, { namespace, imageRegistry }: MonitoringChartProps = {}) {
    super(scope, id, {
      namespace,
      disableResourceNameHashes: true,
      labels: { 'app.kubernetes.io/part-of': 'sightedit-monitoring' },
    });
    if (imageRegistry) {
      this.node.setContext(IMAGE_REGISTRY_CONTEXT, imageRegistry);
    }
  }
}

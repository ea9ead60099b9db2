import { ApiObject, Chart, DependencyGraph } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  type ClusterNetwork,
  IMAGE_REGISTRY_CONTEXT,
  IMAGES_CONTEXT,
  type ImageOverrides,
  type ImageRegistries,
  inCluster,
  inNetwork,
  inScheduling,
  type Patch,
  patchObjects,
  type Scheduling,
} from '../constructs';

/** Props of `MonitoringChart`. */
export interface MonitoringChartProps {
  /** Namespace of the chart's objects. @default - each object names its own */
  readonly namespace?: string;
  /** Mirror that every image is pulled from, or one for each registry. @default - each image's own registry */
  readonly imageRegistry?: ImageRegistries;
  /** Other tags, digests or repositories of images, by name. @default - the pinned ones */
  readonly images?: ImageOverrides;
  /** Value of the label `app.kubernetes.io/part-of` of every object. @default - no label */
  readonly partOf?: string;
  /** Cluster of the chart's objects, where an App has charts for several. @default - all charts are for one cluster */
  readonly cluster?: string;
  /** Network of the chart's cluster, which its policies follow. @default - see ClusterNetwork */
  readonly network?: ClusterNetwork;
  /** Priority classes of the chart's pods. @default - the cluster's default */
  readonly scheduling?: Scheduling;
}

/** A file of manifests: objects keep the names that their constructs give them. */
export class MonitoringChart extends Chart {
  constructor(scope: Construct, id: string, props: MonitoringChartProps = {}) {
    const { namespace, imageRegistry, images, partOf, cluster, network, scheduling } = props;
    super(scope, id, {
      namespace,
      disableResourceNameHashes: true,
      labels: partOf === undefined ? undefined : { 'app.kubernetes.io/part-of': partOf },
    });
    if (cluster) {
      inCluster(this, cluster);
    }
    if (network) {
      inNetwork(this, network);
    }
    if (scheduling) {
      inScheduling(this, scheduling);
    }
    if (imageRegistry) {
      this.node.setContext(IMAGE_REGISTRY_CONTEXT, imageRegistry);
    }
    if (images) {
      this.node.setContext(IMAGES_CONTEXT, images);
    }
  }

  /**
   * Patches the manifests of the chart's objects after serialization, those that are added later included.
   *
   * @param target a kind (`Deployment`), a kind and a name (`Service/grafana`), or a name (`grafana-config`). Synthesis
   *   fails if it matches no object.
   * @param patches JSON patches of cdk8s, or fields to merge
   */
  patch(target: string, ...patches: readonly Patch[]): void {
    patchObjects(this, target, ...patches);
  }

  /**
   * The chart's objects, in the order in which they depend on each other. `Chart` would validate the whole app again for
   * each chart, which makes an app of many charts slow; `App.synth()` has done it once.
   */
  override toJson(): unknown[] {
    return new DependencyGraph(this.node)
      .topology()
      .filter((construct): construct is ApiObject => construct instanceof ApiObject)
      .map((object) => object.toJson());
  }
}

import { Construct } from 'constructs';
import { type Patch, patchObjects } from './patch';

/** A construct whose objects can be patched. Its default child is the workload of its first component. */
export class PatchableConstruct extends Construct {
  /**
   * Patches the manifests of the construct's objects after serialization, those that are added later included. No
   * value and no field is lost.
   *
   * @param target a kind (`Deployment`), a kind and a name (`Service/grafana`), or a name (`grafana-config`). Synthesis
   *   fails if it matches no object.
   * @param patches JSON patches of cdk8s, or fields to merge
   * @example
   * grafana.patch('Service', { spec: { trafficDistribution: 'PreferClose' } });
   */
  patch(target: string, ...patches: readonly Patch[]): void {
    patchObjects(this, target, ...patches);
  }
}

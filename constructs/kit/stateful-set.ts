import { k8s } from 'cdk8s-plus-28';

/**
 * A StatefulSet whose claim templates are written out as the API server completes them. The list is compared as a whole:
 * with the defaults left out, `kubectl apply` would find it changed each time.
 */
export class StatefulSet extends k8s.KubeStatefulSet {
  override toJson() {
    const manifest = super.toJson();
    manifest.spec.volumeClaimTemplates = manifest.spec.volumeClaimTemplates.map((template: { spec: object }) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      ...template,
      spec: { ...template.spec, volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    }));
    return manifest;
  }
}

import { k8s } from 'cdk8s-plus-28';

/**
 * A StatefulSet whose claim templates include the API server's defaults. `kubectl apply` compares the list as a whole:
 * without the defaults it would report a change each time.
 */
export class StatefulSet extends k8s.KubeStatefulSet {
  override toJson() {
    const manifest = super.toJson();
    if (!manifest.spec.volumeClaimTemplates) {
      return manifest;
    }
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

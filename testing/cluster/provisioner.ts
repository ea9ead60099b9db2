import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../api-client';

/** Name that the StorageClass gives. */
const PROVISIONER = 'sightedit.test/local';

interface Claim {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly annotations?: { readonly [name: string]: string };
  };
  readonly spec: {
    readonly volumeName?: string;
    readonly storageClassName?: string;
    readonly accessModes: readonly string[];
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

interface Volume {
  readonly metadata: { readonly name: string; readonly annotations?: { readonly [name: string]: string } };
  readonly spec: { readonly local?: { readonly path: string } };
  readonly status: { readonly phase: string };
}

/**
 * Provisions volumes as a controller of a StorageClass does: a directory on the node that the scheduler has chosen for
 * the claim's first pod. Deletes the volume and its directory when the claim is gone. Volumes have no size limit.
 *
 * @param directory parent of the volumes
 */
export async function provisionOnce(api: ApiClient, directory: string): Promise<void> {
  const { items: claims } = await api.send<{ items: Claim[] }>('GET', '/api/v1/persistentvolumeclaims');
  for (const claim of claims) {
    const { annotations = {}, uid } = claim.metadata;
    const node = annotations['volume.kubernetes.io/selected-node'];
    if (!claim.spec.volumeName && node && annotations['volume.kubernetes.io/storage-provisioner'] === PROVISIONER) {
      const path = join(directory, uid);
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o755);
      await api.send('POST', '/api/v1/persistentvolumes', volumeFor(claim, node, path)).catch(ignoreConflict);
    }
  }
  const { items: volumes } = await api.send<{ items: Volume[] }>('GET', '/api/v1/persistentvolumes');
  for (const { metadata, spec, status } of volumes) {
    if (status.phase === 'Released' && metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === PROVISIONER) {
      await api.send('DELETE', `/api/v1/persistentvolumes/${metadata.name}`);
      rmSync(spec.local!.path, { recursive: true, force: true });
    }
  }
}

function volumeFor({ metadata, spec }: Claim, node: string, path: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${metadata.uid}`,
      annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER },
    },
    spec: {
      capacity: { storage: spec.resources.requests.storage },
      accessModes: spec.accessModes,
      storageClassName: spec.storageClassName,
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', ...pick(metadata) },
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
    },
  };
}

function pick({ name, namespace, uid }: Claim['metadata']): object {
  return { name, namespace, uid };
}

/** The volume of the round before, which the claim does not name yet. */
function ignoreConflict(error: Error): void {
  if (!error.message.includes('answered 409')) {
    throw error;
  }
}

import { checkObjectName } from './checks';
import { SettingError } from './errors';
import { existingClaimOf, type Storage, type StorageVolume } from './workload';

/** Props of a construct with a volume. */
export interface StorageProps {
  /** Kind of the volume. @default claim */
  readonly storage?: StorageVolume;
  /** Size of each volume. @default - that of the construct */
  readonly storageSize?: string;
  /** Storage class of the claims. @default - the cluster's default class */
  readonly storageClass?: string;
}

/** What a construct does with its volume. */
export interface StorageUse {
  /** Where the volume appears in the container. */
  readonly path: string;
  /** Size of a volume that has none. */
  readonly size: string;
  /** Number of replicas. */
  readonly replicas: number;
  /** Whether the server must know the size of a claim that exists. @default false */
  readonly readsSize?: boolean;
}

/**
 * The storage that the props of a construct ask for.
 *
 * @throws SettingError for an unknown kind, for a claim that several replicas would share, and for a size or a class that
 *   would have no effect
 */
export function storageFrom(props: StorageProps, { path, size, replicas, readsSize = false }: StorageUse): Storage {
  const { storage: volume = 'claim', storageSize, storageClass } = props;
  const existing = existingClaimOf({ volume });
  if (existing === undefined && volume !== 'claim' && volume !== 'emptyDir') {
    throw new SettingError('storage', volume, "write 'claim', 'emptyDir' or { existingClaim: 'name' }");
  }
  if (volume !== 'claim' && storageClass !== undefined) {
    throw new SettingError(
      'storageClass',
      storageClass,
      'only a claim that the construct writes has a class: remove it',
    );
  }
  if (existing !== undefined) {
    checkObjectName('storage.existingClaim', existing);
    if (replicas > 1) {
      const fix = `${replicas} replicas would write to the same files: run one replica, or leave storage out`;
      throw new SettingError('storage.existingClaim', existing, fix);
    }
    if (readsSize && storageSize === undefined) {
      throw new SettingError('storageSize', undefined, `write the size of the claim ${existing}`);
    }
    if (!readsSize && storageSize !== undefined) {
      throw new SettingError('storageSize', storageSize, `the claim ${existing} has its own size: remove it`);
    }
  }
  return { path, size, storageClass, volume };
}

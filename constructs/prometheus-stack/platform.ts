import { SettingError } from '../kit';

/** Kubernetes distributions whose differences matter to monitoring. */
export const PLATFORMS = ['eks', 'gke', 'aks', 'kubeadm'] as const;
/** A Kubernetes distribution whose differences matter to monitoring. */
export type Platform = (typeof PLATFORMS)[number];

/** Properties of a platform. */
export interface PlatformFacts {
  /** Whether scheduler, controller manager and etcd run as pods that can be scraped. */
  readonly controlPlane: 'visible' | 'hidden';
}

const FACTS: Record<Platform, PlatformFacts> = {
  // A managed control plane runs in the provider's account; only the API server can be scraped.
  eks: { controlPlane: 'hidden' },
  gke: { controlPlane: 'hidden' },
  aks: { controlPlane: 'hidden' },
  kubeadm: { controlPlane: 'visible' },
};

/** Topics of rules that read metrics of the control plane. */
const CONTROL_PLANE_TOPICS = ['control-plane'];

/**
 * The properties of a platform.
 *
 * @throws SettingError for a platform that is not in `PLATFORMS`
 */
export function platformFacts(platform: Platform): PlatformFacts {
  if (!PLATFORMS.includes(platform)) {
    throw new SettingError('platform', platform, `write one of ${PLATFORMS.join(', ')}`);
  }
  return FACTS[platform];
}

/** Topics of rules whose metrics a platform does not expose: leave them out of the catalogue. */
export function topicsHiddenBy(platform: Platform): readonly string[] {
  return platformFacts(platform).controlPlane === 'hidden' ? CONTROL_PLANE_TOPICS : [];
}

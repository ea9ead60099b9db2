import { type ClusterNetwork, SettingError } from '../kit';

/** Kubernetes distributions whose differences matter to monitoring. */
export const PLATFORMS = ['eks', 'gke', 'aks', 'kubeadm'] as const;
/** A Kubernetes distribution whose differences matter to monitoring. */
export type Platform = (typeof PLATFORMS)[number];

/** Properties of a platform. */
export interface PlatformFacts {
  /** Whether scheduler, controller manager and etcd run as pods that can be scraped. */
  readonly controlPlane: 'visible' | 'hidden';
  /** Whether the API server has a public address by default, so that its ranges must be stated. */
  readonly publicApi: boolean;
  /**
   * ClusterIPs that the platform's DNS usually has. A cache on the node that answers on them makes policies see them:
   * https://github.com/kubernetes/kubernetes/issues/70555
   */
  readonly dnsCidrs: readonly string[];
}

/**
 * Where Cloud DNS for GKE answers, on port 53. Other ports of the address are the metadata service, which stays closed.
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns
 */
const CLOUD_DNS = '169.254.169.254/32';

const FACTS: Record<Platform, PlatformFacts> = {
  // A managed control plane runs in the provider's account; only the API server can be scraped.
  // The control plane has addresses in the cluster's VPC. https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
  eks: { controlPlane: 'hidden', publicApi: false, dnsCidrs: ['10.100.0.10/32', '172.20.0.10/32'] },
  // The ClusterIP of kube-dns differs from cluster to cluster.
  gke: { controlPlane: 'hidden', publicApi: true, dnsCidrs: [CLOUD_DNS] },
  aks: { controlPlane: 'hidden', publicApi: true, dnsCidrs: ['10.0.0.10/32'] },
  // The defaults of kubeadm, kubespray and k3s.
  kubeadm: {
    controlPlane: 'visible',
    publicApi: false,
    dnsCidrs: ['10.96.0.10/32', '10.233.0.3/32', '10.43.0.10/32'],
  },
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

/**
 * Checks that the ranges of the API server are stated where they cannot be guessed. NetworkPolicies see its address
 * behind the Service, and a default deny would shut out a public one.
 *
 * @param setting name of the setting, e.g. `network.apiCidrs`
 * @throws SettingError
 */
export function checkApiStated(setting: string, platform: Platform, { policies, apiCidrs }: ClusterNetwork): void {
  const needed = policies === undefined || policies === 'kubernetes';
  if (needed && apiCidrs === undefined && platformFacts(platform).publicApi) {
    throw new SettingError(
      setting,
      apiCidrs,
      `${platform} gives the API server a public address unless the cluster is private: write that address with /32, ` +
        'or the private range of its endpoint (kubectl get endpointslices -l kubernetes.io/service-name=kubernetes)',
    );
  }
}

/** Topics of rules whose metrics a platform does not expose: leave them out of the catalogue. */
export function topicsHiddenBy(platform: Platform): readonly string[] {
  return platformFacts(platform).controlPlane === 'hidden' ? CONTROL_PLANE_TOPICS : [];
}

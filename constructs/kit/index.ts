export {
  type CiliumEntity,
  type ClusterNetwork,
  type DnsPods,
  type IpFamily,
  inNetwork,
  NETWORK_CONTEXT,
  NODE_LOCAL_DNS_CIDRS,
  networkOf,
  type PolicyKind,
  PRIVATE_CIDRS,
  PRIVATE_IPV6_CIDRS,
  privateCidrs,
  type ResolvedNetwork,
} from './cluster-network';
export { clusterScoped } from './cluster-scoped';
export { Component, type ComponentProps, type OutsideClient } from './component';
export {
  ConfigDirectory,
  type ConfigDirectoryProps,
  type FileContent,
  MAX_OBJECT_BYTES,
  type OnChange,
} from './config-directory';
export { Credentials, type SecretKey } from './credentials';
export { type Connection, Destination, type DestinationProps, Endpoint, type EndpointProps } from './endpoint';
export { DuplicateNameError, SettingError } from './errors';
export { ExternalWorkload, type ExternalWorkloadProps } from './external-workload';
export {
  IMAGE_REGISTRY_CONTEXT,
  IMAGES_CONTEXT,
  type Image,
  type ImageOverrides,
  type ImageRegistries,
  imageOf,
  imageReference,
  images,
  imageVersion,
} from './images';
export type { Labels } from './labels';
export { lazily } from './lazily';
export { type ManagedSettings, refuseManaged } from './managed';
export {
  configMapFiles,
  hostDirectory,
  hostState,
  identityToken,
  type Mount,
  projectedFiles,
  type SecretFilesOptions,
  scratch,
  secretFiles,
} from './mount';
export type { PodPort, Pods } from './network';
export { CLUSTER_CONTEXT, inCluster } from './object-names';
export { type Patch, patchable, patchObjects } from './patch';
export type { PatchableConstruct } from './patchable-construct';
export type { Manifest } from './plain';
export type {
  Affinity,
  ExtraContainer,
  ImageOptions,
  PodOptions,
  ServiceAccountOptions,
  Toleration,
  TopologySpread,
  UpdateStrategy,
} from './pod-options';
export type { PodProps } from './pod-template';
export { httpProbe, type Probes, type ProbeTiming, startupProbe } from './probes';
export type { GrantedRights } from './rbac';
export type { ResourceList, ResourceOptions, Resources } from './resources';
export { inScheduling, SCHEDULING_CONTEXT, type Scheduling } from './scheduling';
export type { FileField, OrSecretKey, WithSecretKeys } from './secret-files';
/** @internal */
export { isSecretKey, SecretFiles } from './secret-files';
export type { SecurityProfile } from './security';
export type { ComponentPort } from './services';
export type { StorageProps } from './storage';
/** @internal */
export { httpUrl } from './url';
export type { HostAccess, Storage, StorageVolume, Workload } from './workload';
export { toYaml } from './yaml';

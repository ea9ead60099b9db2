import type { k8s } from 'cdk8s-plus-28';
import type { Component } from '../kit';
import type { KubernetesSdConfig } from './prometheus-config';

/** Rights that discovery needs in its namespaces, and in the whole cluster. */
export interface DiscoveryRights {
  /** `undefined`: in every namespace. */
  readonly namespaces: readonly string[] | undefined;
  /** Rules in these namespaces. */
  readonly rules: readonly k8s.PolicyRule[];
  /** Rules about objects that have no namespace. */
  readonly clusterRules: readonly k8s.PolicyRule[];
}

/** Grants a component the rights of one discovery in Kubernetes. */
export function grantDiscovery(component: Component, discovery: KubernetesSdConfig): void {
  const { namespaces, rules, clusterRules } = discoveryRights(discovery, component.namespace);
  const inCluster = [...(namespaces ? [] : rules), ...clusterRules];
  if (inCluster.length > 0) {
    component.addClusterRole(inCluster);
  }
  for (const namespace of namespaces ?? []) {
    component.addRole(namespace, rules);
  }
}

/**
 * The rights of one discovery in Kubernetes. A discovery in another cluster brings its own credentials.
 *
 * @param ownNamespace Prometheus' namespace
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config
 */
export function discoveryRights(discovery: KubernetesSdConfig, ownNamespace: string): DiscoveryRights {
  const { role, namespaces, attach_metadata: attached = {}, api_server, kubeconfig_file } = discovery;
  if (api_server !== undefined || kubeconfig_file !== undefined) {
    return { namespaces: [], rules: [], clusterRules: [] };
  }
  const names = [...(namespaces?.names ?? []), ...(namespaces?.own_namespace ? [ownNamespace] : [])];
  return {
    namespaces: role === 'node' ? [] : names.length > 0 ? names : undefined,
    rules: [
      ...RULES[role],
      ...(attached.deployment ? [watch('apps', 'replicasets')] : []),
      ...(attached.job || attached.cronjob ? [watch('batch', 'jobs')] : []),
    ],
    clusterRules: [
      ...(role === 'node' || attached.node ? [watch('', 'nodes')] : []),
      ...(attached.namespace ? [watch('', 'namespaces')] : []),
    ],
  };
}

function watch(apiGroup: string, ...resources: readonly string[]): k8s.PolicyRule {
  return { apiGroups: [apiGroup], resources: [...resources], verbs: ['get', 'list', 'watch'] };
}

const PODS = [watch('', 'pods', 'services'), watch('discovery.k8s.io', 'endpointslices')];

const RULES: { readonly [role in KubernetesSdConfig['role']]: readonly k8s.PolicyRule[] } = {
  node: [],
  pod: PODS,
  service: PODS,
  endpointslice: PODS,
  endpoints: [...PODS, watch('', 'endpoints')],
  ingress: [watch('networking.k8s.io', 'ingresses')],
};

import { type KubernetesApi, RESOURCES } from './kubernetes';

interface ConfigMap {
  readonly metadata: { readonly name: string };
  readonly data?: { readonly [key: string]: string };
}

/**
 * The ConfigMap that stops every action. Actions run only while it says `armed: "true"` and has no key `stop`. The
 * value of `stop` is the reason that records show. `kubectl apply` of the manifests leaves that key in place. A
 * ConfigMap that is missing or unreadable stops every action too.
 */
export class KillSwitch {
  constructor(
    private readonly client: KubernetesApi,
    private readonly namespace: string,
    private readonly name: string,
  ) {}

  /** Why actions are stopped, or `undefined` while they may run. */
  async reason(): Promise<string | undefined> {
    const reference = { resource: RESOURCES.configMaps, namespace: this.namespace, name: this.name };
    try {
      const { data = {} } = await this.client.get<ConfigMap>(reference);
      if ('stop' in data) {
        return data.stop || 'the kill switch is engaged';
      }
      return data.armed === 'true' ? undefined : `ConfigMap ${this.name} does not say armed: "true"`;
    } catch (error) {
      return `ConfigMap ${this.name} cannot be read: ${(error as Error).message}`;
    }
  }
}

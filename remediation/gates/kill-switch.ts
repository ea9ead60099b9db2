import { SkipError } from '../actions';
import { type KubernetesClient, RESOURCES } from '../kubernetes';
import type { Gate } from './gate';

interface ConfigMap {
  readonly metadata: { readonly name: string };
  readonly data?: { readonly [key: string]: string };
}

/**
 * The switch that stops every action: a ConfigMap that must say `armed: "true"` and must not have a key `stop`. Whoever
 * adds that key, with the reason as its value, stops everything; `kubectl apply` of the manifests does not take it away.
 * Missing or unreadable means stopped.
 */
export class KillSwitch {
  constructor(
    private readonly client: KubernetesClient,
    private readonly namespace: string,
    private readonly name: string,
  ) {}

  /** Why nothing may be done, or `undefined` when it may. */
  async reason(): Promise<string | undefined> {
    const reference = { resource: RESOURCES.configMaps, namespace: this.namespace, name: this.name };
    try {
      const { data = {} } = await this.client.get<ConfigMap>(reference);
      if ('stop' in data) {
        return data.stop || 'somebody has stopped all actions';
      }
      return data.armed === 'true' ? undefined : `ConfigMap ${this.name} does not say armed: "true"`;
    } catch (error) {
      return `ConfigMap ${this.name} cannot be read: ${(error as Error).message}`;
    }
  }
}

export const killSwitchGate: Gate = async (_request, { killSwitch }) => {
  const reason = await killSwitch.reason();
  if (reason) {
    throw new SkipError('kill-switch', reason);
  }
};

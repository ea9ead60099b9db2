import type { k8s } from 'cdk8s-plus-28';
import type { Mount } from './mount';

/**
 * The one Secret that holds every credential of the platform, keyed by the names of `.env`. The program only ever
 * refers to keys; values reach the cluster by `kubectl create secret` or an ExternalSecret.
 */
export class Credentials {
  private readonly requested = new Set<string>();

  constructor(readonly secretName: string) {}

  /** Keys that components have asked for. */
  get keys(): readonly string[] {
    return [...this.requested].sort();
  }

  /**
   * Keys as files of the same name.
   *
   * @param optional a pod starts without the Secret and finds the files once they exist @default false
   */
  files(path: string, keys: readonly string[], optional = false): Mount {
    const items = [...new Set(keys)].sort().map((key) => ({ key: this.request(key), path: key }));
    return {
      name: 'credentials',
      source: () => ({ secret: { secretName: this.secretName, items, optional, defaultMode: 0o440 } }),
      path,
    };
  }

  /** A key as an environment variable, for servers that read no file. The pod waits for it; the value may be empty. */
  variable(name: string, key: string): k8s.EnvVar {
    return { name, valueFrom: { secretKeyRef: { name: this.secretName, key: this.request(key) } } };
  }

  private request(key: string): string {
    this.requested.add(key);
    return key;
  }
}

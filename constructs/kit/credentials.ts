import type { k8s } from 'cdk8s-plus-28';
import { checkObjectName } from './checks';
import { type Mount, secretFiles } from './mount';

/** A key of a Secret. */
export interface SecretKey {
  /** The Secret. */
  readonly credentials: Credentials;
  /** Name of the key. */
  readonly key: string;
}

/**
 * The Secret that holds every credential of a platform, keyed like `.env`. The program refers to keys only; the values
 * reach the cluster by `kubectl create secret` or an ExternalSecret.
 */
export class Credentials {
  private readonly requested = new Set<string>();

  /** @throws SettingError for an invalid name */
  constructor(
    /** Name of the Secret. */
    readonly secretName: string,
  ) {
    checkObjectName('secretName', secretName);
  }

  /** Keys that components have asked for, sorted. */
  get keys(): readonly string[] {
    return [...this.requested].sort();
  }

  /**
   * Keys as files of the same name.
   *
   * @param optional start the pod without the Secret; the files appear once it exists @default false
   */
  files(path: string, keys: readonly string[], optional = false): Mount {
    const sorted = [...new Set(keys)].sort();
    for (const key of sorted) {
      this.requested.add(key);
    }
    // A pod may have files of several Secrets, or at several paths.
    return { ...secretFiles('credentials', this.secretName, path, { keys: sorted, optional }), numbered: true };
  }

  /**
   * A key as a file of another name, for `projectedFiles()`.
   *
   * @param optional start the pod without the key; the file appears once it exists @default false
   */
  projection(key: string, file: string, optional = false): k8s.VolumeProjection {
    this.requested.add(key);
    return { secret: { name: this.secretName, items: [{ key, path: file }], optional } };
  }

  /**
   * A key as an environment variable, for servers that cannot read a file. The pod does not start until the key exists;
   * its value may be empty.
   *
   * @param optional start the pod without the key, and without the variable @default false
   */
  variable(name: string, key: string, optional = false): k8s.EnvVar {
    this.requested.add(key);
    const reference = { name: this.secretName, key };
    return { name, valueFrom: { secretKeyRef: optional ? { ...reference, optional } : reference } };
  }
}

import { SECRET_FIELDS } from '../../formats/generated/secret-fields';
import type { SecretKey } from './credentials';
import { SettingError } from './errors';
import type { Mount } from './mount';

/** Fields that name a file: `password_file`, `ca_file`, `certificate_key_path`, `files` … */
export type FileField =
  | `${string}_file`
  | 'files'
  | 'certificate_path'
  | 'certificate_key_path'
  | 'credentials_file_path'
  | 'private_key_path'
  | 'service_account_key_path'
  | 'token_file_path';

/**
 * A server's configuration in which a field that names a file may have a key of a Secret instead. The construct mounts
 * the Secret and writes the path of the key's file.
 *
 * @example
 * basic_auth: { username: 'orders', password_file: { credentials: new Credentials('grafana-cloud'), key: 'token' } }
 */
export type WithSecretKeys<T> = unknown extends T
  ? T
  : T extends object
    ? { readonly [K in keyof T]: K extends FileField ? OrSecretKey<T[K]> : WithSecretKeys<T[K]> }
    : T;

/** A file, or the key of a Secret whose file the construct mounts. */
export type OrSecretKey<T> = T extends readonly string[] ? readonly (string | SecretKey)[] : T | SecretKey;

/** A password in a URL: `https://user:password@host`. */
export const PASSWORD_IN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^/\s@:]*:[^/\s@]+@/i;

/**
 * Files with the keys of Secrets that configurations name. Each Secret is mounted once.
 */
export class SecretFiles {
  private readonly keys = new Map<string, Set<string>>();
  private readonly mounts: Mount[] = [];
  private component: MountingComponent | undefined;

  /**
   * @param root directory of the files: a key's is `<root>/<secret>/<key>`
   * @param optional start the pod without the Secrets; the files appear once they exist
   */
  constructor(
    private readonly root: string,
    private readonly optional = true,
  ) {}

  /** Mounts the Secrets in the pods of a component: those that are known, and those that follow. */
  mountIn(component: MountingComponent): void {
    this.component = component;
    for (const mount of this.mounts) {
      component.addMount(mount);
    }
  }

  /** Path of the file with a key. */
  path({ credentials, key }: SecretKey): string {
    const { secretName } = credentials;
    const path = `${this.root}/${secretName}`;
    const known = this.keys.get(secretName);
    const keys = known ?? new Set<string>();
    keys.add(key);
    // Requests the key of the Secret, for an ExternalSecret.
    const mount = credentials.files(path, [key], this.optional);
    if (!known) {
      this.keys.set(secretName, keys);
      this.add({ ...mount, source: () => credentials.files(path, [...keys], this.optional).source() });
    }
    return `${path}/${key}`;
  }

  /**
   * The configuration with paths in place of the keys.
   *
   * @param setting name of the configuration in errors, e.g. `remoteWrites.config`
   * @param field the field of the server's file that holds the configuration, e.g. `remote_write`
   * @throws SettingError for a secret that stands in the configuration itself
   */
  resolve<T>(setting: string, field: string, config: WithSecretKeys<T>): T {
    return this.resolved(config, { setting, fields: [field] }) as T;
  }

  private add(mount: Mount): void {
    this.mounts.push(mount);
    this.component?.addMount(mount);
  }

  private resolved(value: unknown, place: Place): unknown {
    if (typeof value === 'string' && PASSWORD_IN_URL.test(value)) {
      throw new SettingError(place.setting, HIDDEN, 'remove the password from the URL; write basic_auth.password_file');
    }
    if (isSecretKey(value)) {
      return this.path(value);
    }
    if (Array.isArray(value)) {
      return value.map((element) => this.resolved(element, place));
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => {
        const next = { setting: `${place.setting}.${name}`, fields: [...place.fields, name] };
        if (child !== undefined) {
          refuseSecret(next);
        }
        return [name, this.resolved(child, next)];
      }),
    );
  }
}

/** The part of `Component` that is needed here: a configuration may be resolved before the component exists. */
interface MountingComponent {
  addMount(mount: Mount): void;
}

/** Where a value stands. */
interface Place {
  readonly setting: string;
  readonly fields: readonly string[];
}

/** Stands for a secret in errors. */
export const HIDDEN = '(hidden)';

function refuseSecret({ setting, fields }: Place): void {
  const [grandparent, parent, name] = fields.length > 2 ? fields.slice(-3) : ['', ...fields];
  const path = [`${parent}.${name}`, `${grandparent}.*.${name}`].find((candidate) => candidate in SECRET_FIELDS);
  if (path === undefined) {
    return;
  }
  const file = SECRET_FIELDS[path];
  throw new SettingError(
    setting,
    HIDDEN,
    file
      ? `the manifest would show it; write ${file}, with a key of a Secret: { credentials, key }`
      : 'the manifest would show it, and the server cannot read it from a file; see docs/limits.md',
  );
}

/** Whether a value is a key of a Secret, and no configuration of the server. */
export function isSecretKey(value: unknown): value is SecretKey {
  return (
    typeof value === 'object' &&
    value !== null &&
    'credentials' in value &&
    typeof value.credentials === 'object' &&
    'key' in value
  );
}

import { createHash } from 'node:crypto';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { DuplicateNameError } from './errors';
import { lazily } from './lazily';
import type { Mount } from './mount';
import { isPatched, patchable } from './patch';
import { PatchableConstruct } from './patchable-construct';

/**
 * Largest data of a ConfigMap, in bytes of JSON. `kubectl apply` copies the object into an annotation, and the
 * annotations of an object may have 262,144 bytes together (`TotalAnnotationSizeLimitB` of k8s.io/apimachinery).
 */
export const MAX_OBJECT_BYTES = 200_000;

/** What the pods do when a file changes. */
export type OnChange = 'restart' | 'reload';

/** Props of `ConfigDirectory`. */
export interface ConfigDirectoryProps {
  /** Name of the first ConfigMap and of the volume. */
  readonly name: string;
  /** Where the directory appears in the container. */
  readonly path: string;
  /**
   * `restart` rolls the pods out again; `reload` leaves that to a server that watches its files.
   * @default restart
   */
  readonly onChange?: OnChange;
  /** Labels of the ConfigMaps, e.g. for a dashboard sidecar. @default - the chart's labels */
  readonly labels?: { readonly [key: string]: string };
}

/** Text of a file, or a function that returns it when the manifests are written. */
export type FileContent = string | (() => string);

/**
 * A directory of configuration files in one or more ConfigMaps. The container sees one directory, so a large set of
 * files can stay under the size limit of an object.
 */
export class ConfigDirectory extends PatchableConstruct {
  // By name of the ConfigMap.
  private readonly files = new Map<string, Map<string, FileContent>>();
  private readonly configMaps = new Map<string, ApiObject>();
  private readonly props: ConfigDirectoryProps;

  constructor(scope: Construct, id: string, props: ConfigDirectoryProps) {
    super(scope, id);
    this.props = props;
  }

  /**
   * Adds a file.
   *
   * @param configMap name of the ConfigMap that holds it @default - the directory's name
   * @throws DuplicateNameError for a second file of the same name
   */
  addFile(name: string, content: FileContent, configMap = this.props.name): void {
    if ([...this.files.values()].some((files) => files.has(name))) {
      throw new DuplicateNameError('file', `${this.props.path}/${name}`);
    }
    const known = this.files.get(configMap);
    if (known) {
      known.set(name, content);
      return;
    }
    const files = new Map([[name, content]]);
    this.files.set(configMap, files);
    this.configMaps.set(configMap, this.makeConfigMap(configMap, files));
  }

  /** The directory as a mount. */
  get mount(): Mount {
    return {
      name: this.props.name,
      source: () => this.volumeSource(),
      path: this.props.path,
      checksum: this.props.onChange === 'reload' ? undefined : () => this.checksum(),
    };
  }

  private makeConfigMap(name: string, files: ReadonlyMap<string, FileContent>): ApiObject {
    const data = () => Object.fromEntries([...files].map(([file, content]) => [file, render(content)]));
    const object = patchable(
      new k8s.KubeConfigMap(this, name, {
        metadata: { name, labels: this.props.labels },
        data: lazily(data),
      }),
    );
    object.node.addValidation({
      validate: () => {
        const bytes = Buffer.byteLength(JSON.stringify(data()));
        const problem = `ConfigMap ${name} has ${bytes} bytes, more than ${MAX_OBJECT_BYTES}`;
        return bytes <= MAX_OBJECT_BYTES ? [] : [`${problem}: split its files over several ConfigMaps`];
      },
    });
    return object;
  }

  private volumeSource(): Omit<k8s.Volume, 'name'> {
    const sources = [...this.files.keys()].map((name) => ({ configMap: { name } }));
    switch (sources.length) {
      case 0:
        return { emptyDir: {} };
      case 1:
        return sources[0]!;
      default:
        return { projected: { sources } };
    }
  }

  /** The files of a ConfigMap as they are written: a patch may have changed them. */
  private written(configMap: string, files: ReadonlyMap<string, FileContent>): [string, string][] {
    const object = this.configMaps.get(configMap)!;
    return isPatched(object)
      ? Object.entries({ ...object.toJson().data, ...object.toJson().binaryData })
      : [...files].map(([file, content]) => [file, render(content)]);
  }

  private checksum(): string {
    const hash = createHash('sha256');
    for (const [configMap, files] of this.files) {
      for (const [file, content] of this.written(configMap, files)) {
        hash.update(`${file}\0${content}\0`);
      }
    }
    return hash.digest('hex').slice(0, 16);
  }
}

function render(content: FileContent): string {
  return typeof content === 'string' ? content : content();
}

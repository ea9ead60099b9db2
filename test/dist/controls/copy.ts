import { dump, load } from 'js-yaml';
import { describeManifest, type Manifest, podTemplates, readManifests } from '../../../testing/manifests';
import type { Part } from '../graph/pods';

const dist = readManifests();

/** A copy of the manifests of `dist/`, in which a control breaks something. */
export class Copy {
  readonly manifests: Manifest[] = structuredClone(dist);

  /** An object, by `Kind namespace/name`. */
  object(name: string): Manifest {
    const found = this.manifests.find((manifest) => describeManifest(manifest) === name);
    if (!found) {
      throw new Error(`dist has no ${name}`);
    }
    return found;
  }

  /** Pod specification of a workload. */
  pod(name: string): Part {
    const workload = this.object(name);
    return podTemplates([workload])[0]!.template.spec;
  }

  /** The first container of a workload. */
  container(name: string): Part {
    return this.pod(name).containers[0];
  }

  remove(name: string): void {
    this.manifests.splice(this.manifests.indexOf(this.object(name)), 1);
  }

  /** Adds a changed copy of an object. */
  add(name: string, change: (object: Manifest) => void): void {
    const object = structuredClone(this.object(name));
    change(object);
    this.manifests.push(object);
  }

  /** Changes the document in a file of a ConfigMap. */
  edit(configMap: string, file: string, change: (document: Part) => void): void {
    const { data } = this.object(configMap);
    const document = load(data[file]);
    change(document);
    data[file] = dump(document);
  }

  /** Replaces a text in a file of a ConfigMap. */
  replace(configMap: string, file: string, from: string, to: string): void {
    const { data } = this.object(configMap);
    if (!data[file].includes(from)) {
      throw new Error(`${file} of ${configMap} has no ${from}`);
    }
    data[file] = data[file].replaceAll(from, to);
  }

  /** Replaces an argument of a workload's container. */
  replaceArgument(name: string, from: string, ...to: string[]): void {
    const { args } = this.container(name);
    if (!args.includes(from)) {
      throw new Error(`${name} has no argument ${from}`);
    }
    args.splice(args.indexOf(from), 1, ...to);
  }
}

/** A broken copy, and the problems that a check must report. */
export interface Control {
  /** What is wrong; a part of the test's name. */
  readonly when: string;
  readonly breaks: (copy: Copy) => void;
  readonly problems: readonly string[];
}

/** At least two controls: a check could find a single one by chance. */
export type Controls = readonly [Control, Control, ...Control[]];

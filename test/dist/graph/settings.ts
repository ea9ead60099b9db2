import type { Manifest } from '../../../testing/manifests';
import { textFilesOf } from './files';
import type { Part, Pods } from './pods';
import { parseYaml } from './yaml';

/** A value in the arguments, the environment or a configuration file of a server. */
export interface Setting {
  /** `args`, `env`, or the file's name. */
  readonly source: string;
  /** The flag, the variable, or the path in the document, e.g. `route.routes.0.receiver`. */
  readonly key: string;
  readonly value: string;
}

/** Every setting of the servers in a pod. */
export function settingsOf(manifests: readonly Manifest[], pods: Pods): Setting[] {
  const files = textFilesOf(manifests, pods);
  return [
    ...pods.containers.flatMap((container) => [...argumentsOf(container), ...environmentOf(container)]),
    ...files.flatMap(({ name, text }) => fileSettings(name, text)),
  ];
}

/** A setting in a message. */
export function describeSetting(pods: Pods, { source, key }: Setting): string {
  return `${pods.name}: ${source} ${key}`;
}

/** Arguments of a container: `--flag=value`, or a word by itself. */
export function argumentsOf({ command = [], args = [] }: Part): Setting[] {
  return [...command, ...args].map((argument: string) => {
    const [, flag, value] = /^(--?[^=]+)=(.*)$/s.exec(argument) ?? [];
    return { source: 'args', key: flag ?? 'word', value: value ?? argument };
  });
}

function environmentOf({ env = [] }: Part): Setting[] {
  return env
    .filter(({ value }: Part) => value !== undefined)
    .map(({ name, value }: Part) => ({ source: 'env', key: name, value }));
}

function fileSettings(name: string, text: string): Setting[] {
  const [extension] = /[^.]*$/.exec(name)!;
  switch (extension) {
    case 'yml':
    case 'yaml':
    case 'json': {
      const document = parseYaml(text);
      return isContent(document) ? [] : leavesOf(document).map(([key, value]) => ({ source: name, key, value }));
    }
    case 'ini':
      return iniSettings(name, text);
    case 'mjs':
      // A script of a few lines: the paths in it are settings.
      return [...text.matchAll(/'(\/[^'`$]*)'/g)].map(([, path]) => ({ source: name, key: 'path', value: path! }));
    case 'js':
      // Parts of a program.
      return [];
    case 'tmpl':
    case 'md':
      // Text for people, who open its links; the server does not.
      return [];
    default:
      throw new Error(`the format of ${name} is not supported`);
  }
}

/**
 * Rules and dashboards. A server evaluates or serves them, but does not follow their links (`runbook_url`,
 * `dashboard_url`): people do.
 */
function isContent(document: Part): boolean {
  return document?.groups !== undefined || document?.panels !== undefined;
}

function leavesOf(node: Part, path: readonly string[] = []): [key: string, value: string][] {
  if (typeof node?.host === 'string' && typeof node.port === 'number') {
    const { host, port, ...rest } = node;
    return [[[...path, 'host'].join('.'), `${host}:${port}`], ...leavesOf(rest, path)];
  }
  return node !== null && typeof node === 'object'
    ? Object.entries(node).flatMap(([key, child]) => leavesOf(child, [...path, key]))
    : [[path.join('.'), String(node)]];
}

function iniSettings(source: string, text: string): Setting[] {
  let section = '';
  const settings: Setting[] = [];
  for (const line of text.split('\n')) {
    section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^([\w.]+) = (.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) {
      settings.push({ source, key: `${section}.${key}`, value });
    }
  }
  return settings;
}

import { SettingError } from '../errors';
import type { Labels } from '../labels';

/**
 * Longest name of a component. The objects around it have suffixes of up to 12 characters, and a DNS label has at most
 * 63: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
const MAX_NAME = 50;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * Checks the name of a component, which its Services have too: they must begin with a letter.
 *
 * @throws SettingError
 */
export function checkName(setting: string, name: string): void {
  if (!DNS_LABEL.test(name) || !/^[a-z]/.test(name) || name.length > MAX_NAME) {
    throw new SettingError(
      setting,
      name,
      `write at most ${MAX_NAME} lower-case letters, digits and dashes, a letter first`,
    );
  }
}

/**
 * Checks the name of a namespace.
 *
 * @throws SettingError
 */
export function checkNamespace(setting: string, namespace: string | undefined): void {
  if (namespace === '*') {
    throw new SettingError(setting, namespace, 'name each namespace: the rights are granted in each of them');
  }
  if (namespace === undefined || !DNS_LABEL.test(namespace)) {
    throw new SettingError(setting, namespace, 'write a DNS label: lower-case letters, digits and dashes');
  }
}

/**
 * Checks the name of an object such as a ConfigMap or a Secret.
 *
 * @throws SettingError
 */
export function checkObjectName(setting: string, name: string): void {
  if (!isObjectName(name)) {
    throw new SettingError(setting, name, 'write lower-case letters, digits, dashes and dots, at most 253');
  }
}

/** Whether an object such as a ConfigMap may have a name. */
export function isObjectName(name: string): boolean {
  return name.length <= 253 && DNS_SUBDOMAIN.test(name);
}

/**
 * Checks the name of a port. https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
 *
 * @throws SettingError
 */
export function checkPortName(setting: string, name: string): void {
  if (name.length > 15 || !PORT_NAME.test(name)) {
    throw new SettingError(setting, name, 'write at most 15 lower-case letters, digits and single dashes');
  }
}

/**
 * Checks labels that select pods. An empty selector selects every pod of a namespace.
 *
 * @throws SettingError
 */
export function checkPodLabels(setting: string, labels: Labels): void {
  const entries = Object.entries(labels);
  if (entries.length === 0) {
    throw new SettingError(setting, labels, 'name a label: without one, every pod of the namespace is selected');
  }
  for (const [key, value] of entries) {
    const [name = '', prefix, ...rest] = key.split('/').reverse();
    if (!LABEL_NAME.test(name) || rest.length > 0 || (prefix !== undefined && !isObjectName(prefix))) {
      throw new SettingError(setting, key, 'write the key of a label, e.g. app.kubernetes.io/name');
    }
    checkLabelValue(`${setting}.${key}`, value);
  }
}

/**
 * Checks the value of a label of an object.
 *
 * @throws SettingError
 */
export function checkLabelValue(setting: string, value: string): void {
  if (!LABEL_VALUE.test(value)) {
    throw new SettingError(setting, value, 'write at most 63 letters, digits, dashes, dots and underscores');
  }
}

/**
 * Checks labels that Prometheus adds to its series and alerts.
 *
 * @throws SettingError
 */
export function checkExternalLabels(setting: string, labels: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('__')) {
      throw new SettingError(
        setting,
        name,
        'write a label name of letters, digits and underscores, no digit first and no two underscores first',
      );
    }
    checkExternalLabel(`${setting}.${name}`, value);
  }
}

/**
 * Checks the value of such a label.
 *
 * @throws SettingError
 */
export function checkExternalLabel(setting: string, value: string): void {
  if (value === '') {
    throw new SettingError(setting, value, 'write a value: Prometheus drops empty labels');
  }
  // A line break or a half of a surrogate pair is refused or changed on the way through YAML and JSON.
  if (/\p{Cc}|\p{Cs}/u.test(value)) {
    throw new SettingError(setting, value, 'write one line of text');
  }
}

/**
 * Checks a list of namespaces to grant rights in.
 *
 * @returns each namespace once
 * @throws SettingError for an empty list, for `*`, and for an invalid name
 */
export function checkedNamespaces(setting: string, namespaces: readonly string[]): readonly string[] {
  if (namespaces.length === 0) {
    throw new SettingError(setting, namespaces, 'name a namespace: the rights are granted in each of them');
  }
  for (const namespace of namespaces) {
    checkNamespace(setting, namespace);
  }
  return [...new Set(namespaces)];
}

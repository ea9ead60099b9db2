import { SettingError } from '../errors';

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a Kubernetes quantity stands for, e.g. 0.1 for `100m`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 *
 * @param setting name of the setting, for the message
 * @param example a quantity that would work
 * @throws SettingError unless the value is a positive quantity
 */
export function parseQuantity(setting: string, quantity: string, example: string): number {
  const [, amount = '', suffix = '', exponent = ''] =
    /^(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|([eE][+-]?\d+))?$/.exec(String(quantity)) ?? [];
  const value = Number(`${amount}${exponent}`) * SUFFIXES[suffix]!;
  if (amount === '' || !(value > 0)) {
    throw new SettingError(setting, quantity, `write a Kubernetes quantity, e.g. ${example}`);
  }
  return value;
}

/**
 * Checks a Kubernetes quantity: CPU, memory, or the size of a volume.
 *
 * @param example a quantity that would work, for the message
 * @throws SettingError for no quantity, and for zero
 */
export function checkQuantity(setting: string, quantity: string, example: string): void {
  parseQuantity(setting, quantity, example);
}

const MIB = 1024 * 1024;
const UNITS: Readonly<Record<string, number>> = { Mi: MIB, Gi: 1024 * MIB, Ti: 1024 * 1024 * MIB };

/**
 * Bytes of the size of a volume.
 *
 * @throws SettingError for anything but a whole number of Mi, Gi or Ti
 */
export function parseBytes(setting: string, quantity: string): number {
  const [, amount, unit] = /^(\d+)(Mi|Gi|Ti)$/.exec(quantity) ?? [];
  if (amount === undefined || unit === undefined || Number(amount) === 0) {
    throw new SettingError(setting, quantity, 'write a quantity such as 50Gi (Mi, Gi or Ti)');
  }
  return Number(amount) * UNITS[unit]!;
}

/**
 * Checks a number of things, e.g. of replicas or days.
 *
 * @throws SettingError for a fraction, zero and less
 */
export function checkCount(setting: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new SettingError(setting, count, 'write a whole number greater than zero');
  }
}

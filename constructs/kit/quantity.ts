import { SettingError } from './errors';

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

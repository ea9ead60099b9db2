import { SettingError } from '../errors';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const QUANTITY = /^(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;

/**
 * Checks a Kubernetes quantity: CPU, memory, or the size of a volume.
 *
 * @param example a quantity that would work, for the message
 * @throws SettingError for no quantity, and for zero
 */
export function checkQuantity(setting: string, quantity: string, example: string): void {
  if (!QUANTITY.test(quantity) || !(Number.parseFloat(quantity) > 0)) {
    throw new SettingError(setting, quantity, `write a Kubernetes quantity, e.g. ${example}`);
  }
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

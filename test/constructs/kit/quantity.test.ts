import fc from 'fast-check';
import { parseQuantity } from '../../../constructs/kit/checks/quantities';
import { settingError } from '../../support/setting-error';

test.each([
  ['100m', 0.1],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['2', 2],
  ['5Gi', 5 * 2 ** 30],
  ['5G', 5e9],
  ['1e3', 1000],
  ['12E', 12e18],
  ['1Ei', 2 ** 60],
  ['500u', 0.0005],
])('%s is %d', (quantity, value) => {
  expect(parseQuantity('size', quantity, '1Gi')).toBeCloseTo(value, 12);
});

test.each(['', '0', '-1', '5 Gi', '5gi', 'Gi', '5GiB', '1e', '1..5', '0x10', '５'])(
  '%j is no positive quantity',
  (quantity) => {
    expect(settingError(() => parseQuantity('size', quantity, '1Gi')).message).toBe(
      `size is ${JSON.stringify(quantity)}: write a Kubernetes quantity, e.g. 1Gi`,
    );
  },
);

test('a larger amount of the same unit is larger', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom('', 'm', 'k', 'Mi', 'Gi', 'T'), (amount, unit) => {
      const value = (text: string) => parseQuantity('size', text, '1Gi');
      return value(`${amount + 1}${unit}`) > value(`${amount}${unit}`);
    }),
  );
});

import { type PrometheusLoad, type PrometheusSize, SettingError, sizePrometheus } from '../../../constructs';
import { parseBytes } from '../../../constructs/kit/checks';
import { settingError } from '../../support/setting-error';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const LOAD: PrometheusLoad = { activeSeries: 250_000, intervalSeconds: 15, retentionDays: 30 };

/** Numbers of a size, in bytes and cores. */
function measured(size: PrometheusSize) {
  return {
    cores: Number.parseInt(size.cpu, 10) / 1000,
    memory: parseBytes('memory', size.memory),
    disk: parseBytes('disk', size.disk),
    // Prometheus' MB are binary.
    retention: Number.parseInt(size.retentionSize, 10) * MIB,
  };
}

test.each<[string, PrometheusLoad, PrometheusSize]>([
  ['production', LOAD, { cpu: '400m', memory: '2560Mi', disk: '100Gi', retentionSize: '83968MB' }],
  [
    'dev',
    { activeSeries: 50_000, intervalSeconds: 15, retentionDays: 7 },
    { cpu: '250m', memory: '1024Mi', disk: '10Gi', retentionSize: '8396MB' },
  ],
  [
    'a load of next to nothing',
    { activeSeries: 1, intervalSeconds: 60, retentionDays: 1 },
    { cpu: '250m', memory: '768Mi', disk: '10Gi', retentionSize: '8396MB' },
  ],
  [
    'two million series for a quarter',
    { activeSeries: 2_000_000, intervalSeconds: 30, retentionDays: 90 },
    { cpu: '1400m', memory: '16384Mi', disk: '1180Gi', retentionSize: '990822MB' },
  ],
])('the size for %s is as calculated', (_name, load, size) => {
  expect(sizePrometheus(load)).toEqual(size);
});

describe('scaling', () => {
  const large: PrometheusLoad = { activeSeries: 1_000_000, intervalSeconds: 15, retentionDays: 30 };
  const ratio = (changed: Partial<PrometheusLoad>, what: keyof ReturnType<typeof measured>) =>
    measured(sizePrometheus({ ...large, ...changed }))[what] / measured(sizePrometheus(large))[what];

  test.each<[string, Partial<PrometheusLoad>, { cores: number; memory: number; disk: number }]>([
    ['twice the series', { activeSeries: 2_000_000 }, { cores: 2, memory: 2, disk: 2 }],
    ['a third of the interval', { intervalSeconds: 5 }, { cores: 3, memory: 1, disk: 3 }],
    ['twice the retention', { retentionDays: 60 }, { cores: 1, memory: 1, disk: 2 }],
  ])('%s grows what it must and nothing else', (_name, changed, expected) => {
    expect(ratio(changed, 'cores')).toBeCloseTo(expected.cores, 0);
    expect(ratio(changed, 'memory')).toBeCloseTo(expected.memory, 0);
    expect(ratio(changed, 'disk')).toBeCloseTo(expected.disk, 0);
  });
});

describe('retention by size', () => {
  test.each(['100Gi', '2Ti', '120000Mi'])('is 82 %% of a volume of %s', (disk) => {
    const { retention } = measured(sizePrometheus(LOAD, disk));
    expect(retention / parseBytes('disk', disk)).toBeCloseTo(0.82, 3);
  });

  test('holds the blocks of the whole retention by time', () => {
    const blocks = (LOAD.activeSeries / LOAD.intervalSeconds) * 2 * LOAD.retentionDays * 86_400;
    expect(measured(sizePrometheus(LOAD)).retention).toBeGreaterThanOrEqual(blocks);
  });
});

describe('a volume that is given', () => {
  test('is used as it is when the retention fits', () => {
    expect(sizePrometheus(LOAD, '200Gi').disk).toBe('200Gi');
  });

  test('is refused when the retention does not fit, with the size and the retention that would', () => {
    const error = settingError(() => sizePrometheus(LOAD, '50Gi'));
    expect(error).toMatchObject({ setting: expect.stringMatching(/^storageSize$/), value: '50Gi' });
    expect(error.fix).toMatch(
      /^30 days of 250000 series every 15 s need 100Gi; give the volume that much, or lower retentionDays to 15$/,
    );
  });

  test('fits with either fix', () => {
    expect(sizePrometheus(LOAD, '100Gi').disk).toBe('100Gi');
    expect(sizePrometheus({ ...LOAD, retentionDays: 15 }, '50Gi').disk).toBe('50Gi');
    expect(() => sizePrometheus({ ...LOAD, retentionDays: 16 }, '50Gi')).toThrow(SettingError);
  });

  test('too small for a single day does not suggest to keep nothing', () => {
    expect(settingError(() => sizePrometheus(LOAD, '1Gi')).fix).not.toContain('retentionDays to 0');
  });

  test.each(['50', '50G', '1.5Ti', '-5Gi', ' 50Gi', ''])('written as "%s" is no quantity', (quantity) => {
    expect(settingError(() => sizePrometheus(LOAD, quantity))).toMatchObject({
      setting: expect.stringMatching(/^storageSize$/),
      value: quantity,
      fix: 'write a quantity such as 50Gi (Mi, Gi or Ti)',
    });
  });
});

describe('a load that is no whole number greater than zero', () => {
  test.each(['activeSeries', 'intervalSeconds', 'retentionDays'] as const)('is refused as %s', (name) => {
    for (const value of [0, -1, 0.5, Number.NaN]) {
      expect(settingError(() => sizePrometheus({ ...LOAD, [name]: value })).fix).toBe(
        'write a whole number greater than zero',
      );
    }
  });
});

test.each([
  ['512Mi', 512 * MIB],
  ['50Gi', 50 * GIB],
  ['2Ti', 2048 * GIB],
])('%s are %i bytes', (quantity, bytes) => {
  expect(parseBytes('size', quantity)).toBe(bytes);
});

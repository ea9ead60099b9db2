import { type LokiStackProps, sizeLoki } from '../../../constructs';
import { sizeRoles } from '../../../constructs/loki-stack/sizing';
import { settingError } from '../../support/setting-error';
import { configOf, S3 } from './sample';

const month = (gigabytesPerDay: number) => ({ gigabytesPerDay, retention: { days: 31 } });

describe('sizeLoki()', () => {
  test.each([
    [1, { cpu: '300m', memory: '1536Mi', disk: '30Gi' }],
    [10, { cpu: '300m', memory: '2Gi', disk: '130Gi' }],
    [50, { cpu: '500m', memory: '4608Mi', disk: '580Gi' }],
  ])('of %i GB a day on a volume', (gigabytes, size) => {
    expect(sizeLoki(month(gigabytes), 'volume')).toEqual(size);
  });

  test('of a bucket needs a volume for lines that are not in it yet', () => {
    expect(sizeLoki(month(300), 'bucket')).toEqual({ cpu: '1700m', memory: '20Gi', disk: '20Gi' });
  });

  test('counts streams with a time of their own', () => {
    const selector = '{stream="security"}';
    const disk = (streams: object[]) =>
      sizeLoki({ gigabytesPerDay: 10, retention: { days: 31, streams: streams as never } }, 'volume').disk;
    expect(disk([])).toBe('130Gi');
    expect(disk([{ selector, days: 365 }])).toBe('250Gi');
    expect(disk([{ selector, days: 365, gigabytesPerDay: 0.1 }])).toBe('140Gi');
  });

  test('keeps a larger volume, and refuses a smaller one', () => {
    expect(sizeLoki(month(10), 'volume', '500Gi').disk).toBe('500Gi');
    expect(settingError(() => sizeLoki(month(300), 'bucket', '5Gi')).message).toBe(
      'storageSize is "5Gi": 300 GB a day need 20Gi; give the volume that much',
    );
  });
});

describe('sizeRoles()', () => {
  const replicas = (gigabytes: number) =>
    Object.fromEntries(Object.entries(sizeRoles(gigabytes)).map(([role, size]) => [role, size.replicas]));

  test('grows what takes in lines and what reads them', () => {
    expect(replicas(100)).toMatchObject({ distributor: 2, ingester: 3, querier: 2, compactor: 1 });
    expect(replicas(1000)).toMatchObject({ distributor: 5, ingester: 30, querier: 10, compactor: 1 });
  });

  test('has ingesters in threes', () => {
    for (const gigabytes of [1, 77, 250, 999, 3000]) {
      expect(sizeRoles(gigabytes).ingester.replicas % 3).toBe(0);
    }
  });
});

describe('the replay of the write-ahead log', () => {
  const megabytes = (props: LokiStackProps) => configOf(props).ingester.wal.replay_memory_ceiling;

  test('fills two fifths of the memory', () => {
    expect(megabytes({})).toBe('858MB');
    expect(megabytes({ mode: 'distributed', objectStorage: S3, gigabytesPerDay: 300 })).toBe('3221MB');
  });

  test('fits into the memory that the pod is given', () => {
    expect(megabytes({ pod: { resources: { limits: { memory: '1Gi' } } } })).toBe('429MB');
    const roles = { ingester: { resources: { requests: { memory: '4Gi' } } } };
    expect(megabytes({ mode: 'distributed', objectStorage: S3, roles })).toBe('1717MB');
  });
});

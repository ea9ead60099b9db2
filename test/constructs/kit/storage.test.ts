import type { Construct } from 'constructs';
import {
  AlertRouting,
  type ComponentProps,
  Credentials,
  Grafana,
  Prometheus,
  type StorageProps,
} from '../../../constructs';
import { find, findAll, podOf, render, testChart } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
import { PROPS as ALERTING } from '../alert-routing/sample';
import { MINIMAL } from '../prometheus-stack/props';
import { component } from './sample';

type Kind = NonNullable<NonNullable<Extract<ComponentProps['workload'], { kind: 'StatefulSet' }>['storage']>['volume']>;

const workload = (kind: 'Deployment' | 'StatefulSet', volume: Kind, replicas = 1): ComponentProps['workload'] => ({
  kind,
  replicas,
  storage: { path: '/data', size: '3Gi', volume },
});
const rendered = (props: Partial<ComponentProps>) => render((chart) => component(chart, props));

describe.each(['Deployment', 'StatefulSet'] as const)('A %s', (kind) => {
  test('keeps its data in a directory of the node, and writes no claim', () => {
    const manifests = rendered({ workload: workload(kind, 'emptyDir') });
    const { volumes, containers } = podOf(manifests, 'demo').spec;
    expect(volumes).toEqual([{ name: 'data', emptyDir: { sizeLimit: '3Gi' } }]);
    expect(containers[0].volumeMounts).toEqual([{ name: 'data', mountPath: '/data' }]);
    expect(findAll(manifests, 'PersistentVolumeClaim')).toEqual([]);
    expect(find(manifests, kind).spec).not.toHaveProperty('volumeClaimTemplates');
  });

  test('keeps its data on a claim that exists, and writes none', () => {
    const manifests = rendered({ workload: workload(kind, { existingClaim: 'old-data' }) });
    expect(podOf(manifests, 'demo').spec.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'old-data' } },
    ]);
    expect(findAll(manifests, 'PersistentVolumeClaim')).toEqual([]);
    expect(find(manifests, kind).spec).not.toHaveProperty('volumeClaimTemplates');
  });

  test('does not share a claim among replicas', () => {
    const props = { workload: workload(kind, { existingClaim: 'old-data' }, 2) };
    expect(settingError(() => component(testChart(), props)).message).toBe(
      'workload.storage.volume.existingClaim is "old-data": several replicas would write to the same files: run one replica',
    );
  });

  test('may have a directory for each replica', () => {
    const manifests = rendered({ workload: workload(kind, 'emptyDir', 3) });
    expect(find(manifests, kind).spec.replicas).toBe(3);
  });
});

test('a Deployment releases a claim before the new pod mounts it; a directory needs no such wait', () => {
  const strategyWith = (volume: Kind) =>
    find(rendered({ workload: workload('Deployment', volume) }), 'Deployment').spec.strategy;
  expect(strategyWith('claim')).toEqual({ type: 'Recreate' });
  expect(strategyWith({ existingClaim: 'old-data' })).toEqual({ type: 'Recreate' });
  expect(strategyWith('emptyDir')).toBeUndefined();
});

test('a Deployment with a directory takes replicas and a rolling update', () => {
  const pod = { replicas: 2, updateStrategy: { type: 'RollingUpdate' } } as const;
  const manifests = rendered({ pod, workload: workload('Deployment', 'emptyDir') });
  expect(find(manifests, 'Deployment').spec).toMatchObject({ replicas: 2, strategy: { type: 'RollingUpdate' } });
});

const credentials = new Credentials('demo-credentials');
const CONSTRUCTS: readonly [string, (scope: Construct, props: StorageProps & { replicas?: number }) => unknown][] = [
  ['prometheus', (scope, props) => new Prometheus(scope, 'made', { ...MINIMAL(), ...props })],
  ['alertmanager', (scope, props) => new AlertRouting(scope, 'made', { ...ALERTING(), ...props })],
  [
    'grafana',
    (scope, { replicas, ...props }) =>
      new Grafana(scope, 'made', {
        externalUrl: 'https://grafana.example.com',
        credentials,
        ini: { database: { type: 'postgres' } },
        pod: { replicas },
        ...props,
      }),
  ],
];

describe.each(CONSTRUCTS)('%s', (name, make) => {
  const messageOf = (props: StorageProps & { replicas?: number }) =>
    settingError(() => make(testChart(), props)).message;
  const dataOf = (props: StorageProps & { replicas?: number }) =>
    podOf(
      render((chart) => make(chart, props)),
      name,
    ).spec.volumes.find((volume: { readonly name: string }) => volume.name === 'data');

  test('takes a directory of the node, with the size that is given', () => {
    const manifests = render((chart) => make(chart, { storage: 'emptyDir', storageSize: '300Gi' }));
    expect(podOf(manifests, name).spec.volumes).toContainEqual({ name: 'data', emptyDir: { sizeLimit: '300Gi' } });
    expect(JSON.stringify(manifests)).not.toContain('PersistentVolumeClaim');
  });

  test('takes a claim that exists, for one replica', () => {
    const size = name === 'prometheus' ? { storageSize: '300Gi' } : {};
    expect(dataOf({ storage: { existingClaim: 'old-data' }, replicas: 1, ...size })).toEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'old-data' },
    });
    expect(messageOf({ storage: { existingClaim: 'old-data' }, replicas: 2, ...size })).toBe(
      'storage.existingClaim is "old-data": 2 replicas would write to the same files: run one replica, or leave storage out',
    );
  });

  test('refuses what would have no effect, and what it does not know', () => {
    expect(messageOf({ storage: 'emptyDir', storageClass: 'fast' })).toBe(
      'storageClass is "fast": only a claim that the construct writes has a class: remove it',
    );
    expect(messageOf({ storage: 'nfs' as 'emptyDir' })).toBe(
      "storage is \"nfs\": write 'claim', 'emptyDir' or { existingClaim: 'name' }",
    );
    expect(messageOf({ storage: { existingClaim: 'Old Data' }, replicas: 1 })).toBe(
      'storage.existingClaim is "Old Data": write lower-case letters, digits, dashes and dots, at most 253',
    );
  });

  test('knows the size of a claim that exists only where it reads it', () => {
    const claim = { storage: { existingClaim: 'old-data' }, replicas: 1 };
    const [props, message] =
      name === 'prometheus'
        ? [claim, 'storageSize is not set: write the size of the claim old-data']
        : [{ ...claim, storageSize: '9Gi' }, 'storageSize is "9Gi": the claim old-data has its own size: remove it'];
    expect(messageOf(props)).toBe(message);
  });
});

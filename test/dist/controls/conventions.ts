import type { Manifest } from '../../../testing/manifests';
import type { Controls } from './copy';
import { ALERTMANAGER_TEMPLATES, GRAFANA, serviceOf } from './names';

export const nullValues: Controls = [
  {
    when: 'a field is null',
    breaks: (copy) => {
      copy.object(GRAFANA).spec.strategy = null;
    },
    problems: [`${GRAFANA}: spec.strategy is null`],
  },
  {
    when: 'an entry deep in a list is null',
    breaks: (copy) => {
      copy.container(GRAFANA).env[0].value = null;
    },
    problems: [`${GRAFANA}: spec.template.spec.containers.0.env.0.value is null`],
  },
];

export const objectNames: Controls = [
  {
    when: 'two constructs write one object',
    breaks: (copy) => copy.add(serviceOf(GRAFANA), () => {}),
    problems: ['duplicate object v1 Service sightedit-monitoring/grafana'],
  },
  {
    when: 'one object is written in two versions of its API',
    breaks: (copy) =>
      copy.add(GRAFANA, (object) => {
        object.apiVersion = 'apps/v1beta1';
      }),
    problems: [`duplicate object apps ${GRAFANA}`],
  },
];

export const objectNamespaces: Controls = [
  {
    when: 'a namespaced object has no namespace',
    breaks: (copy) => {
      delete copy.object(GRAFANA).metadata.namespace;
    },
    problems: ['Deployment grafana has no namespace'],
  },
  {
    when: 'a cluster-scoped object has one',
    breaks: (copy) => {
      copy.object('ClusterRole sightedit-monitoring-prometheus').metadata.namespace = 'sightedit-monitoring';
    },
    problems: [
      'ClusterRole sightedit-monitoring/sightedit-monitoring-prometheus is cluster-scoped but has a namespace',
    ],
  },
  {
    when: 'a namespace has a typo',
    breaks: (copy) => {
      copy.object(GRAFANA).metadata.namespace = 'monitoring';
    },
    problems: ['Deployment monitoring/grafana is in namespace monitoring, which nothing creates'],
  },
];

export const secretObjects: Controls = [
  {
    when: 'a Secret is written',
    breaks: (copy) =>
      copy.add(ALERTMANAGER_TEMPLATES, (object) => {
        Object.assign(object, { kind: 'Secret', stringData: { SMTP_PASSWORD: 'not-a-real-password' } });
      }),
    problems: ['Secret sightedit-monitoring/alertmanager-templates is written to dist'],
  },
  {
    when: 'a Secret without data is written',
    breaks: (copy) => {
      copy.manifests.push({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'sightedit', name: 'empty' } });
    },
    problems: ['Secret sightedit/empty is written to dist'],
  },
];

/** A ConfigMap whose JSON has as many bytes as wanted. */
function configMapOf(bytes: number, character = 'x'): Manifest {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'sightedit', name: 'large' },
    data: { text: '' },
  };
  const rest = bytes - Buffer.byteLength(JSON.stringify(object));
  object.data.text = character.repeat(rest / Buffer.byteLength(character));
  return object;
}

export const objectSizes: Controls = [
  {
    when: 'an object has as many bytes as the limit',
    breaks: (copy) => {
      copy.manifests.push(configMapOf(199_999), configMapOf(200_000));
    },
    problems: ['ConfigMap sightedit/large has 200000 bytes, not less than 200000'],
  },
  {
    when: 'characters take more than a byte',
    breaks: (copy) => {
      copy.manifests.push(configMapOf(200_001, 'é'));
    },
    problems: ['ConfigMap sightedit/large has 200001 bytes, not less than 200000'],
  },
];

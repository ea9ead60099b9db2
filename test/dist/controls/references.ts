import type { Controls } from './copy';
import { ALERTMANAGER, ALERTMANAGER_CONFIG, GRAFANA, KUBE_STATE_METRICS, PROMETHEUS, REDIS_EXPORTER } from './names';

export const podReferences: Controls = [
  {
    when: 'a ConfigMap is missing',
    breaks: (copy) => copy.remove(ALERTMANAGER_CONFIG),
    problems: [`${ALERTMANAGER} refers to ConfigMap alertmanager-config, which does not exist and is not optional`],
  },
  {
    when: 'one of several ConfigMaps of a directory is missing',
    breaks: (copy) => copy.remove('ConfigMap sightedit-monitoring/prometheus-rules-nodes'),
    problems: [`${PROMETHEUS} refers to ConfigMap prometheus-rules-nodes, which does not exist and is not optional`],
  },
  {
    when: 'a ConfigMap that somebody else creates is not optional',
    breaks: (copy) => {
      const { volumes } = copy.pod(PROMETHEUS);
      delete volumes.at(-1).configMap.optional;
    },
    problems: [`${PROMETHEUS} refers to ConfigMap prometheus-file-targets, which does not exist and is not optional`],
  },
  {
    when: 'a ConfigMap lacks the file that is picked',
    breaks: (copy) => {
      copy.pod(ALERTMANAGER).volumes[0].configMap.items = [{ key: 'config.yml', path: 'alertmanager.yml' }];
    },
    problems: [`${ALERTMANAGER} refers to ConfigMap alertmanager-config, which has no config.yml`],
  },
  {
    when: 'a Secret has another name',
    breaks: (copy) => {
      copy.container(REDIS_EXPORTER).env[0].valueFrom.secretKeyRef.name = 'redis';
    },
    problems: [
      `${REDIS_EXPORTER} refers to Secret redis, which nothing creates: the only Secret is sightedit-monitoring-credentials`,
    ],
  },
  {
    when: 'a claim is missing',
    breaks: (copy) => copy.remove('PersistentVolumeClaim sightedit-monitoring/grafana'),
    problems: [`${GRAFANA} refers to PersistentVolumeClaim grafana, which does not exist and is not optional`],
  },
  {
    when: 'a ServiceAccount is in another namespace',
    breaks: (copy) => {
      copy.object('ServiceAccount sightedit-monitoring/grafana').metadata.namespace = 'sightedit';
    },
    problems: [`${GRAFANA} refers to ServiceAccount grafana, which does not exist and is not optional`],
  },
];

export const unusedObjects: Controls = [
  {
    when: 'a dashboard is not mounted',
    breaks: (copy) => {
      copy.pod(GRAFANA).volumes.at(-1).projected.sources.pop();
    },
    problems: ['ConfigMap sightedit-monitoring/grafana-dashboard-monitoring is used by no pod'],
  },
  {
    when: 'pods run with another ServiceAccount',
    breaks: (copy) => {
      copy.pod(KUBE_STATE_METRICS).serviceAccountName = 'prometheus';
    },
    problems: ['ServiceAccount sightedit-monitoring/kube-state-metrics is used by no pod'],
  },
];

/** For the keys that `dist/` reads. */
export const credentialKeys: Controls = [
  {
    when: 'a file has a key that .env.example does not name',
    breaks: (copy) => {
      const { volumes } = copy.pod(GRAFANA);
      volumes.find(({ secret }: { secret?: object }) => secret).secret.items[0].key = 'GRAFANA_PASSWORD';
    },
    problems: [`${GRAFANA} reads GRAFANA_PASSWORD of the Secret, which .env.example does not name`],
  },
  {
    when: 'a variable has a key that .env.example does not name',
    breaks: (copy) => {
      copy.container(REDIS_EXPORTER).env[0].valueFrom.secretKeyRef.key = 'REDIS_PASS';
    },
    problems: [`${REDIS_EXPORTER} reads REDIS_PASS of the Secret, which .env.example does not name`],
  },
  {
    when: 'a pod reads every key',
    breaks: (copy) => {
      copy.container(GRAFANA).envFrom = [{ secretRef: { name: 'sightedit-monitoring-credentials' } }];
    },
    problems: [`${GRAFANA} reads every key of the Secret, which .env.example does not name`],
  },
];

export const volumeMounts: Controls = [
  {
    when: 'a volume is gone',
    breaks: (copy) => {
      copy.pod(GRAFANA).volumes = copy.pod(GRAFANA).volumes.filter(({ name }: { name: string }) => name !== 'tmp');
    },
    problems: [`${GRAFANA} mounts tmp, which is not one of its volumes`],
  },
  {
    when: 'a mount is gone',
    breaks: (copy) => {
      copy.container(GRAFANA).volumeMounts.shift();
    },
    problems: [`${GRAFANA} does not mount volume data`],
  },
  {
    when: 'a claim template is gone',
    breaks: (copy) => {
      copy.object(PROMETHEUS).spec.volumeClaimTemplates = [];
    },
    problems: [`${PROMETHEUS} mounts data, which is not one of its volumes`],
  },
  {
    when: 'two volumes share a name',
    breaks: (copy) => {
      copy.pod(GRAFANA).volumes.push({ name: 'tmp', emptyDir: {} });
    },
    problems: [`${GRAFANA} has two volumes tmp`],
  },
];

export const roleBindings: Controls = [
  {
    when: 'a role is gone',
    breaks: (copy) => copy.remove('Role sightedit-monitoring/prometheus'),
    problems: ['RoleBinding sightedit-monitoring/prometheus binds Role prometheus, which does not exist'],
  },
  {
    when: 'a binding is for an account that does not exist',
    breaks: (copy) => {
      copy.object('ClusterRoleBinding sightedit-monitoring-prometheus').subjects[0].namespace = 'monitoring';
    },
    problems: [
      'ClusterRoleBinding sightedit-monitoring-prometheus is for ServiceAccount monitoring/prometheus, ' +
        'which does not exist',
    ],
  },
  {
    when: 'a binding is gone',
    breaks: (copy) => copy.remove('ClusterRoleBinding sightedit-monitoring-prometheus'),
    problems: ['ClusterRole sightedit-monitoring-prometheus has no binding'],
  },
];

import type { Part } from '../graph/pods';
import type { Controls } from './copy';
import {
  ALERTMANAGER,
  ALERTMANAGER_CONFIG,
  BLACKBOX_CONFIG,
  BLACKBOX_EXPORTER,
  GRAFANA,
  GRAFANA_CONFIG,
  KUBE_STATE_METRICS,
  NODE_EXPORTER,
  PROMETHEUS,
} from './names';

const CREDENTIALS = '/etc/alertmanager/credentials';

export const filePaths: Controls = [
  {
    when: 'an argument names a file that its ConfigMap lacks',
    breaks: (copy) => {
      const { data } = copy.object(BLACKBOX_CONFIG);
      copy.object(BLACKBOX_CONFIG).data = { 'blackbox.yml': data['config.yml'] };
    },
    problems: [
      `${BLACKBOX_EXPORTER}: args --config.file: /etc/blackbox-exporter/config.yml is not a file of ` +
        '/etc/blackbox-exporter, which has blackbox.yml',
    ],
  },
  {
    when: 'a directory is mounted elsewhere',
    breaks: (copy) => {
      copy.container(NODE_EXPORTER).volumeMounts[0].mountPath = '/rootfs';
    },
    problems: [
      'rootfs=/host/root',
      'procfs=/host/root/proc',
      'sysfs=/host/root/sys',
      'udev.data=/host/root/run/udev/data',
    ]
      .map((argument) => argument.split('='))
      .map(([flag, path]) => `${NODE_EXPORTER}: args --path.${flag}: ${path} is in no mount`),
  },
  {
    when: 'a pattern matches no file',
    breaks: (copy) => {
      copy.pod(PROMETHEUS).volumes[1].projected.sources = [
        { configMap: { name: 'prometheus-rules-nodes', items: [{ key: 'nodes.yaml', path: 'nodes.yml' }] } },
      ];
    },
    problems: [
      `${PROMETHEUS}: prometheus.yml rule_files.0: /etc/prometheus/rules/*.yaml is not a file of ` +
        '/etc/prometheus/rules, which has nodes.yml',
    ],
  },
  {
    when: 'a credential is not mounted',
    breaks: (copy) => {
      const { secret } = copy.pod(ALERTMANAGER).volumes.find((volume: Part) => volume.secret);
      secret.items = [{ key: 'SLACK_BOT_TOKEN', path: 'SLACK_BOT_TOKEN' }];
      copy.edit(ALERTMANAGER_CONFIG, 'alertmanager.yml', (config) => {
        config.receivers = [];
      });
    },
    problems: [
      `${ALERTMANAGER}: alertmanager.yml global.smtp_auth_password_file: ${CREDENTIALS}/SMTP_PASSWORD is not a file of ` +
        `${CREDENTIALS}, which has SLACK_BOT_TOKEN`,
    ],
  },
  {
    when: 'an INI file reads a credential from another directory',
    breaks: (copy) =>
      copy.replace(
        GRAFANA_CONFIG,
        'grafana.ini',
        '$__file{/etc/grafana/credentials/GRAFANA_ADMIN_USER}',
        '$__file{/run/secrets/GRAFANA_ADMIN_USER}',
      ),
    problems: [`${GRAFANA}: grafana.ini security.admin_user: /run/secrets/GRAFANA_ADMIN_USER is in no mount`],
  },
  {
    when: 'a variable names a file that does not exist',
    breaks: (copy) => {
      copy.container(GRAFANA).env[0].value = '/etc/grafana/config/defaults.ini';
    },
    problems: [
      `${GRAFANA}: env GF_PATHS_CONFIG: /etc/grafana/config/defaults.ini is not a file of ` +
        '/etc/grafana/config, which has grafana.ini',
    ],
  },
  {
    when: 'a folder of dashboards is empty',
    breaks: (copy) => {
      copy.pod(GRAFANA).volumes.at(-1).projected.sources = [];
    },
    problems: [
      `${GRAFANA}: providers.yaml providers.0.options.path: /etc/grafana/dashboards/platform is not a file of ` +
        '/etc/grafana/dashboards/platform, which has none',
    ],
  },
  {
    when: 'a pod that reads its token has none',
    breaks: (copy) => {
      copy.pod(KUBE_STATE_METRICS).automountServiceAccountToken = false;
      copy.container(KUBE_STATE_METRICS).args = ['--token=/var/run/secrets/kubernetes.io/serviceaccount/token'];
    },
    problems: [
      `${KUBE_STATE_METRICS}: args --token: /var/run/secrets/kubernetes.io/serviceaccount/token is in no mount`,
    ],
  },
];

export const unreadFiles: Controls = [
  {
    when: 'a file of rules does not match the pattern',
    breaks: (copy) => {
      const nodes = copy.object('ConfigMap sightedit-monitoring/prometheus-rules-nodes');
      nodes.data = { 'nodes.yml': nodes.data['nodes.yaml'] };
    },
    problems: [`${PROMETHEUS}: no setting names /etc/prometheus/rules/nodes.yml`],
  },
  {
    when: 'a credential is mounted and not read',
    breaks: (copy) =>
      copy.edit(ALERTMANAGER_CONFIG, 'alertmanager.yml', (config) => {
        delete config.global.smtp_auth_password_file;
      }),
    problems: [`${ALERTMANAGER}: no setting names ${CREDENTIALS}/SMTP_PASSWORD`],
  },
];

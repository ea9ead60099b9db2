import type { Part } from '../graph/pods';
import type { Controls } from './copy';
import {
  ALERTMANAGER,
  ALERTMANAGER_CONFIG,
  DATA_SOURCES,
  GRAFANA,
  GRAFANA_CONFIG,
  LOKI,
  PROMETHEUS,
  PROMETHEUS_CONFIG,
  policyOf,
  REDIS_EXPORTER,
  REMEDIATION_WEBHOOK,
} from './names';

const DATA_SOURCE = `${GRAFANA}: datasources.yaml datasources.0.url`;
const ALERTMANAGERS = 'alerting.alertmanagers.0.static_configs.0.targets';

export const connections: Controls = [
  {
    when: 'a data source names a Service that does not exist',
    breaks: (copy) => copy.replace(DATA_SOURCES, 'datasources.yaml', 'http://prometheus.', 'http://prometheus-server.'),
    problems: [`${DATA_SOURCE}: there is no Service sightedit-monitoring/prometheus-server`],
  },
  {
    when: 'a data source has another port',
    breaks: (copy) => copy.replace(DATA_SOURCES, 'datasources.yaml', '.svc:9090', '.svc'),
    problems: [`${DATA_SOURCE}: Service sightedit-monitoring/prometheus has no port TCP 80`],
  },
  {
    when: 'a name is short',
    breaks: (copy) =>
      copy.replace(DATA_SOURCES, 'datasources.yaml', 'prometheus.sightedit-monitoring.svc', 'prometheus'),
    problems: [`${DATA_SOURCE}: prometheus is not a full name: write <service>.<namespace>.svc`],
  },
  {
    when: 'a name has one part too many',
    breaks: (copy) => copy.replace(DATA_SOURCES, 'datasources.yaml', 'http://prometheus.', 'http://a.b.prometheus.'),
    problems: [
      `${DATA_SOURCE}: a.b.prometheus.sightedit-monitoring.svc is not of the form [<pod>.]<service>.<namespace>.svc`,
    ],
  },
  {
    when: 'no policy lets the client call it',
    breaks: (copy) => {
      const { spec } = copy.object(policyOf(GRAFANA));
      spec.egress = spec.egress.filter(({ ports }: { ports: Part[] }) => ports[0]?.port !== 9090);
    },
    problems: [`${GRAFANA}: datasources.yaml datasources.0.url: no policy lets it call ${PROMETHEUS} on TCP 9090`],
  },
  {
    when: 'there are fewer replicas than names',
    breaks: (copy) => {
      copy.object(ALERTMANAGER).spec.replicas = 2;
    },
    problems: [
      ...['TCP', 'UDP'].map(() => `${ALERTMANAGER}: args --cluster.peer`),
      `${PROMETHEUS}: prometheus.yml ${ALERTMANAGERS}.2`,
      `${LOKI}: loki.yaml ruler.alertmanager_url`,
      `${REMEDIATION_WEBHOOK}: remediation.json alertmanagers.2`,
    ].map((where) => `${where}: ${ALERTMANAGER} has no replica alertmanager-2: it has alertmanager-0, alertmanager-1`),
  },
  {
    when: 'a replica is named under a Service that is not headless',
    breaks: (copy) =>
      copy.edit(PROMETHEUS_CONFIG, 'prometheus.yml', ({ alerting }) => {
        alerting.alertmanagers[0].static_configs[0].targets[1] =
          'alertmanager-1.alertmanager.sightedit-monitoring.svc:9093';
      }),
    problems: [
      `${PROMETHEUS}: prometheus.yml ${ALERTMANAGERS}.1: ` +
        `Service sightedit-monitoring/alertmanager gives no names to the pods of ${ALERTMANAGER}`,
    ],
  },
  {
    when: 'replicas may not gossip by UDP',
    breaks: (copy) => {
      copy.object(policyOf(ALERTMANAGER)).spec.egress[1].ports.pop();
    },
    problems: Array.from(
      { length: 3 },
      () => `${ALERTMANAGER}: args --cluster.peer: no policy lets it call ${ALERTMANAGER} on UDP 9094`,
    ),
  },
  {
    when: 'the application has no such port',
    breaks: (copy) =>
      copy.replaceArgument(
        REDIS_EXPORTER,
        '--redis.addr=redis://redis-service.sightedit.svc:6379',
        '--redis.addr=redis://redis-service.sightedit.svc:6380',
      ),
    problems: [`${REDIS_EXPORTER}: args --redis.addr: Service sightedit/redis-service has no port 6380`],
  },
  {
    when: 'an address has no port, and its scheme has none either',
    breaks: (copy) =>
      copy.replaceArgument(
        REDIS_EXPORTER,
        '--redis.addr=redis://redis-service.sightedit.svc:6379',
        '--redis.addr=redis-service.sightedit.svc.cluster.local',
      ),
    problems: [`${REDIS_EXPORTER}: args --redis.addr: redis-service.sightedit.svc has no port`],
  },
  {
    when: 'a pod may not call the Kubernetes API',
    breaks: (copy) => {
      copy.container(GRAFANA).args = ['--api=https://kubernetes.default.svc', '--api=kubernetes.default.svc:6443'];
    },
    problems: [
      `${GRAFANA}: args --api: no policy lets it call 10.0.0.0/8 on TCP 443, TCP 6443, TCP 8443`,
      `${GRAFANA}: args --api: Service default/kubernetes has no port 6443`,
    ],
  },
  {
    when: 'the application has no such Service',
    breaks: (copy) =>
      copy.replaceArgument(
        REDIS_EXPORTER,
        '--redis.addr=redis://redis-service.sightedit.svc:6379',
        '--redis.addr=redis://user@redis.sightedit.svc',
      ),
    problems: [`${REDIS_EXPORTER}: args --redis.addr: there is no Service sightedit/redis`],
  },
  {
    when: 'a public host is behind a closed port',
    breaks: (copy) =>
      copy.replace(ALERTMANAGER_CONFIG, 'alertmanager.yml', 'smtp.sightedit.com:587', 'smtp.sightedit.com:465'),
    problems: [
      `${ALERTMANAGER}: alertmanager.yml global.smtp_smarthost: no policy lets it call smtp.sightedit.com on TCP 465`,
    ],
  },
  {
    when: 'an address is behind the policy for public ones',
    breaks: (copy) => copy.replace(ALERTMANAGER_CONFIG, 'alertmanager.yml', 'smtp.sightedit.com:587', '10.0.0.25:587'),
    problems: [`${ALERTMANAGER}: alertmanager.yml global.smtp_smarthost: no policy lets it call 10.0.0.25 on TCP 587`],
  },
  {
    when: 'a server calls another one on its own address',
    breaks: (copy) =>
      copy.replace(DATA_SOURCES, 'datasources.yaml', 'prometheus.sightedit-monitoring.svc', 'localhost'),
    problems: [`${DATA_SOURCE}: the pod does not listen on 9090`],
  },
  {
    when: 'the Service of a prober leads nowhere',
    breaks: (copy) => {
      copy.object('Service sightedit-monitoring/blackbox-exporter').spec.ports[0].targetPort = 'web';
    },
    problems: [
      `${PROMETHEUS}: prometheus.yml scrape_configs.9.relabel_configs.2.replacement: ` +
        'nothing listens behind Service sightedit-monitoring/blackbox-exporter on TCP 9115',
    ],
  },
  {
    when: 'a setting in an INI file has a host that does not exist',
    breaks: (copy) => copy.replace(GRAFANA_CONFIG, 'grafana.ini', '[log]', '[database]\nhost = postgres:5432\n\n[log]'),
    problems: [`${GRAFANA}: grafana.ini database.host: postgres is not a full name: write <service>.<namespace>.svc`],
  },
];

export const secretAddresses: Controls = [
  {
    when: 'the Internet is closed',
    breaks: (copy) => {
      const { spec } = copy.object(policyOf(ALERTMANAGER));
      spec.egress = spec.egress.filter(({ ports }: Part) => ports[0].port !== 443);
      copy.edit(ALERTMANAGER_CONFIG, 'alertmanager.yml', (config) => {
        config.receivers = [];
      });
    },
    problems: [
      `${ALERTMANAGER}: alertmanager.yml global.slack_app_token_file: ` +
        'no policy lets it call host-in-the-secret.example on TCP 443',
    ],
  },
  {
    when: 'only private addresses are open',
    breaks: (copy) => {
      const { egress } = copy.object(policyOf(ALERTMANAGER)).spec;
      egress.find(({ ports }: Part) => ports[0].port === 443).to = [{ ipBlock: { cidr: '10.0.0.0/8' } }];
      copy.edit(ALERTMANAGER_CONFIG, 'alertmanager.yml', (config) => {
        delete config.global.slack_app_token_file;
        config.receivers = [{ name: 'pager', pagerduty_configs: [{ routing_key_file: '/key' }] }];
      });
    },
    problems: [
      `${ALERTMANAGER}: alertmanager.yml receivers.0.pagerduty_configs.0.routing_key_file: ` +
        'no policy lets it call host-in-the-secret.example on TCP 443',
    ],
  },
];

export const replicaLists: Controls = [
  {
    when: 'Prometheus does not know every Alertmanager',
    breaks: (copy) =>
      copy.edit(PROMETHEUS_CONFIG, 'prometheus.yml', ({ alerting }) => {
        alerting.alertmanagers[0].static_configs[0].targets.pop();
      }),
    problems: [
      `${PROMETHEUS}: prometheus.yml ${ALERTMANAGERS} leaves out ` +
        'alertmanager-2.alertmanager-headless.sightedit-monitoring.svc',
    ],
  },
  {
    when: 'Alertmanagers do not know each other',
    breaks: (copy) =>
      copy.replaceArgument(
        ALERTMANAGER,
        '--cluster.peer=alertmanager-0.alertmanager-headless.sightedit-monitoring.svc:9094',
      ),
    problems: [
      `${ALERTMANAGER}: args --cluster.peer leaves out alertmanager-0.alertmanager-headless.sightedit-monitoring.svc`,
    ],
  },
];

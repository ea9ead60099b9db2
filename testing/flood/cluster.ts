import { load } from 'js-yaml';
import type { AlertmanagerConfig, Receiver, Route } from '../../formats/alertmanager';
import { toYaml } from '../../formats/yaml';
import { temporaryDirectory } from '../cleanup';
import { layOutAlertmanager, writeInto } from '../files';
import type { Manifest } from '../manifests';
import { answers, freePorts, getJson, type Server, startServer, waitFor } from '../server';
import { SMTP_PASSWORD, type Vendors } from './vendors';

/** Alertmanagers that gossip on loopback, with the configuration of the manifests. */
export interface AlertmanagerCluster {
  readonly urls: readonly string[];
  readonly servers: readonly Server[];
}

export interface ClusterProps {
  readonly manifests: readonly Manifest[];
  readonly vendors: Vendors;
  /** `group_wait` and `group_interval` of every route, in seconds. */
  readonly groupWaitSeconds: number;
  readonly groupIntervalSeconds: number;
  /** Go's memory limit of the pods, e.g. `256MiB`. */
  readonly goMemoryLimit: string;
  /** Receiver of `level-critical` for Amazon SNS, as `AlertRouting` writes it. */
  readonly sns: NonNullable<Receiver['sns_configs']>[number];
}

/** Starts three members. The timing of the routes is in seconds; all else is what the manifests have. */
export async function startCluster(props: ClusterProps): Promise<AlertmanagerCluster> {
  const root = temporaryDirectory();
  const config = layOutAlertmanager(props.manifests, root, (text) => towardsVendors(text, props));
  layOutSecrets(root, props.vendors);
  const ports = await freePorts(6);
  const gossip = ports.slice(3);
  const urls = ports.slice(0, 3).map((port) => `http://127.0.0.1:${port}`);
  const servers = await Promise.all(
    urls.map((url, member) =>
      startServer(`alertmanager-${member}`, {
        command: 'alertmanager',
        args: [
          `--config.file=${config}`,
          `--storage.path=${root}/data-${member}`,
          `--web.listen-address=${url.replace('http://', '')}`,
          '--web.external-url=https://alertmanager.example.com',
          '--web.route-prefix=/',
          `--cluster.listen-address=127.0.0.1:${gossip[member]}`,
          `--cluster.advertise-address=127.0.0.1:${gossip[member]}`,
          ...gossip.map((port) => `--cluster.peer=127.0.0.1:${port}`),
          '--cluster.peer-timeout=10s',
          '--cluster.pushpull-interval=1s',
          '--dispatch.start-delay=0s',
        ],
        env: { GOMEMLIMIT: props.goMemoryLimit },
        ready: () => answers(`${url}/-/ready`),
      }),
    ),
  );
  await waitFor('the members to settle', async () => {
    const members = await Promise.all(urls.map((url) => getJson<MemberStatus>(`${url}/api/v2/status`)));
    return members.every(({ cluster }) => cluster.status === 'ready' && cluster.peers.length === 3);
  });
  return { urls, servers };
}

interface MemberStatus {
  readonly cluster: { readonly status: string; readonly peers: readonly unknown[] };
}

function towardsVendors(text: string, props: ClusterProps): string {
  const { vendors, groupWaitSeconds, groupIntervalSeconds, sns } = props;
  const config = load(text) as AlertmanagerConfig;
  const quick = (route: Route): Route => ({
    ...route,
    group_wait: `${groupWaitSeconds}s`,
    group_interval: `${groupIntervalSeconds}s`,
    repeat_interval: '1h',
    routes: route.routes?.map(quick),
  });
  return toYaml({
    ...config,
    global: {
      ...config.global,
      smtp_smarthost: vendors.smtpAddress,
      smtp_tls_config: { insecure_skip_verify: true },
      slack_app_url: `${vendors.httpUrl}/slack`,
      pagerduty_url: `${vendors.httpUrl}/pagerduty`,
    },
    route: quick(config.route),
    // Business hours are now, whenever the test runs.
    time_intervals: config.time_intervals?.map(({ name }) => ({
      name,
      time_intervals: [{ weekdays: ['sunday:saturday'] }],
    })),
    receivers: config.receivers.map((receiver) =>
      receiver.name === 'level-critical'
        ? {
            ...receiver,
            sns_configs: [
              {
                ...sns,
                api_url: `${vendors.httpUrl}/sns/`,
                sigv4: { ...sns.sigv4, access_key: 'not-a-real-key', secret_key: 'not-a-real-secret' },
              },
            ],
          }
        : receiver,
    ),
  });
}

function layOutSecrets(root: string, { httpUrl }: Vendors): void {
  const secrets = {
    SLACK_BOT_TOKEN: 'not-a-real-bot-token',
    PAGERDUTY_INTEGRATION_KEY: 'not-a-real-routing-key',
    SMTP_PASSWORD,
    SMS_GATEWAY_URL: `${httpUrl}/sms`,
    ALERT_WEBHOOK_URL: `${httpUrl}/webhook`,
    DEAD_MANS_SWITCH_URL: `${httpUrl}/dead-mans-switch`,
  };
  for (const [key, value] of Object.entries(secrets)) {
    writeInto(root, `etc/alertmanager/credentials/${key}`, value);
  }
}

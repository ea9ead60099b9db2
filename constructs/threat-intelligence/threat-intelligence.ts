import type { Construct } from 'constructs';
import { Component, ConfigDirectory, Endpoint, httpProbe, images, type PodOptions } from '../kit';
import { checkObjectName, parseBytes } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { inSettings } from '../kit/setting-path';
import { bundledThreats } from '../remediation-webhook/bundle';
import { checkFeeds, type ThreatFeed, type ThreatLimits, threatsConfiguration } from './threat-intelligence-config';
import { addUpdateJob } from './update-job';

/** Props of `ThreatIntelligence`. */
export interface ThreatIntelligenceProps {
  /** Name of the objects and of the Service. The CronJob appends `-update`. @default threat-intelligence */
  readonly name?: string;
  /** The feeds. */
  readonly feeds: readonly ThreatFeed[];
  /** When the feeds are downloaded, as cron writes it, in UTC. @default 17 * * * * */
  readonly schedule?: string;
  /** Bounds of each feed. @default - see ThreatLimits */
  readonly limits?: ThreatLimits;
  /** Volume for the last good feeds. @default 1Gi */
  readonly storageSize?: string;
  /** Storage class of the volume. @default - the cluster's default class */
  readonly storageClass?: string;
  /** Options of the server's pod. @default - none */
  readonly pod?: PodOptions;
}

/** Defaults of `ThreatIntelligenceProps`. */
export const THREAT_DEFAULTS = { name: 'threat-intelligence', schedule: '17 * * * *', storageSize: '1Gi' } as const;

const APP_PATH = '/app';
const CONFIG_PATH = '/etc/threat-intelligence';
const DATA_PATH = '/var/lib/threat-intelligence';
const PORTS = { lookup: 8080, feeds: 8081 } as const;

/** User `node` of the Node image. */
const NODE_USER = 1000;

/**
 * What feeds say about an address. A CronJob downloads the feeds, checks them, and sends them to a server, which keeps
 * the last good ones and answers look-ups. Only the CronJob reaches the Internet; it holds no rights and no data.
 *
 * @example
 * new ThreatIntelligence(chart, 'threats', {
 *   feeds: [{ name: 'example', url: 'https://feeds.example.com/addresses.txt', level: 'high' }],
 * });
 */
export class ThreatIntelligence extends PatchableConstruct {
  /** The server, for arguments, mounts and connections. */
  readonly component: Component;

  /**
   * @throws SettingError when a prop is invalid
   * @throws DuplicateNameError for two feeds of one name
   */
  constructor(scope: Construct, id: string, props: ThreatIntelligenceProps) {
    super(scope, id);
    const { feeds, limits = {}, storageClass } = props;
    const { name = THREAT_DEFAULTS.name, schedule = THREAT_DEFAULTS.schedule } = props;
    const { storageSize = THREAT_DEFAULTS.storageSize } = props;
    checkFeeds(feeds, limits);
    parseBytes('storageSize', storageSize);
    if (storageClass) {
      checkObjectName('storageClass', storageClass);
    }
    const program = new ConfigDirectory(this, 'program', { name: `${name}-program`, path: APP_PATH });
    program.addFile('threats.cjs', () => bundledThreats());
    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    const mounts = [program.mount, config.mount];
    this.component = new Component(this, 'server', {
      name,
      image: images.node,
      workload: {
        kind: 'Deployment',
        replicas: 1,
        storage: { path: DATA_PATH, size: storageSize, storageClass },
      },
      ports: { http: { port: PORTS.lookup }, feeds: { port: PORTS.feeds } },
      args: command('serve'),
      probes: { readiness: httpProbe('/healthz'), liveness: httpProbe('/healthz') },
      resources: { cpu: '25m', memory: '256Mi' },
      user: NODE_USER,
      mounts,
      pod: props.pod,
      fixedReplicas: 'each replica would have feeds of its own: leave it out',
    });
    const job = addUpdateJob(this, 'update', {
      name: `${name}-update`,
      schedule,
      args: command('update'),
      user: NODE_USER,
      mounts,
    });
    for (const { url, cidrs } of feeds) {
      inSettings('feeds', () => job.connectTo(Endpoint.url(url, cidrs)));
    }
    const server = job.connectTo(this.component.endpoint('feeds')).url();
    const configuration = threatsConfiguration(feeds, limits, { directory: DATA_PATH, ports: PORTS, server });
    config.addFile('threats.json', `${JSON.stringify(configuration, undefined, 2)}\n`);
  }

  /** Where addresses are looked up: `GET /v1/addresses/<address>`. */
  get endpoint(): Endpoint {
    return this.component.endpoint('http');
  }
}

function command(name: string): string[] {
  return ['node', '--max-old-space-size=160', `${APP_PATH}/threats.cjs`, name, `${CONFIG_PATH}/threats.json`];
}

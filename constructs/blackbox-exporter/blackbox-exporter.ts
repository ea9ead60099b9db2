import type { Construct } from 'constructs';
import type { Module } from '../../formats/blackbox';
import {
  Component,
  ConfigDirectory,
  DuplicateNameError,
  type Endpoint,
  httpProbe,
  images,
  networkOf,
  type PodOptions,
  SecretFiles,
  SettingError,
  toYaml,
} from '../kit';
import { checkName } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { blackboxConfig, HTTP_MODULE } from './blackbox-exporter-config';
import { checkModule } from './probe-module-checks';
import { httpModule, type ProbeModule } from './probe-modules';
import { destinationOf, type ProbeTarget } from './probe-targets';

/** Props of `BlackboxExporter`. */
export interface BlackboxExporterProps {
  /** Name of the objects and of the Service. @default blackbox-exporter */
  readonly name?: string;
  /** Modules by name, in addition to `http_2xx`, as of `addModule()`. @default - none */
  readonly modules?: { readonly [name: string]: ProbeModule };
  /** Options of the pods. @default - none */
  readonly pod?: PodOptions;
}

const CONFIG_PATH = '/etc/blackbox-exporter';
const SECRETS_PATH = '/etc/blackbox-exporter-secrets';

/** Lets every group of the pod open an unprivileged socket for ICMP. Kubernetes counts this sysctl among the safe ones. */
const PING = { name: 'net.ipv4.ping_group_range', value: '0 2147483647' };

/**
 * Probes targets from outside the application: URLs, TCP ports, DNS servers and hosts. `addTarget()` permits a target; the
 * scrape job of Prometheus names it. The prop `probes` of `PrometheusStack` does both.
 *
 * @example
 * const exporter = new BlackboxExporter(chart, 'blackbox-exporter');
 * exporter.addModule('postgres', tcpModule());
 * exporter.addTarget('postgres', { target: 'db.internal:5432', cidrs: ['10.20.0.0/16'] });
 */
export class BlackboxExporter extends PatchableConstruct {
  /** The exporter, for arguments, mounts and connections. */
  readonly component: Component;
  /** Name of the module that expects a 2xx over verified TLS. */
  readonly httpModule = HTTP_MODULE;

  private readonly modules = new Map<string, Module>();
  private readonly secrets = new SecretFiles(SECRETS_PATH);

  /** @throws SettingError for an invalid module */
  constructor(scope: Construct, id: string, props: BlackboxExporterProps = {}) {
    super(scope, id);
    const name = props.name ?? 'blackbox-exporter';
    const config = new ConfigDirectory(this, 'config', { name, path: CONFIG_PATH });
    config.addFile('config.yml', () => toYaml(blackboxConfig(this.modules, networkOf(this).ipFamilies)));
    this.component = new Component(this, 'exporter', {
      name,
      image: images.blackboxExporter,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 9115 } },
      args: [`--config.file=${CONFIG_PATH}/config.yml`],
      probes: { readiness: httpProbe('/-/healthy'), liveness: httpProbe('/-/healthy') },
      resources: { cpu: '25m', memory: '64Mi' },
      mounts: [config.mount],
      pod: props.pod,
    });
    this.secrets.mountIn(this.component);
    for (const [module, settings] of Object.entries(props.modules ?? {})) {
      this.addModule(module, settings, `modules.${module}`);
    }
  }

  /**
   * Adds a module: a way to probe.
   *
   * @param setting name of the module in messages @default - the module's name
   * @throws DuplicateNameError for a second module of the same name
   * @throws SettingError for a module that the exporter would refuse or could not run
   */
  addModule(name: string, module: ProbeModule, setting = `module ${name}`): void {
    checkName(setting, name);
    checkModule(setting, module);
    if (this.modules.has(name)) {
      throw new DuplicateNameError('module name', name);
    }
    this.modules.set(name, this.secrets.resolve<Module>(setting, 'modules', module));
    if (module.prober === 'icmp') {
      this.component.addSysctl(PING.name, PING.value);
    }
  }

  /**
   * Permits the exporter to reach a target.
   *
   * @param module name of the module that probes it: one that was added, or `httpModule`
   * @param setting name of the target in messages @default target
   * @throws SettingError for a target that the module cannot probe, and for one that would not be reached
   */
  addTarget(module: string, target: string | ProbeTarget, setting = 'target'): void {
    const settings = module === HTTP_MODULE ? httpModule({ tls: 'required' }) : this.modules.get(module);
    if (!settings) {
      const known = [HTTP_MODULE, ...this.modules.keys()];
      throw new SettingError('module', module, `add it with addModule(), or write one of ${known.join(', ')}`);
    }
    const probed = typeof target === 'string' ? { target } : target;
    this.component.allowEgressTo(destinationOf(setting, probed, settings));
  }

  /** Probes, and the metrics of the exporter itself. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }
}

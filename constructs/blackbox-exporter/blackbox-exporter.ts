import type { Construct } from 'constructs';
import {
  Component,
  ConfigDirectory,
  type Endpoint,
  httpProbe,
  images,
  networkOf,
  type PodOptions,
  toYaml,
} from '../kit';
import { PatchableConstruct } from '../kit/patchable-construct';
import { blackboxConfig, HTTP_MODULE } from './blackbox-exporter-config';

/** Props of `BlackboxExporter`. */
export interface BlackboxExporterProps {
  /** Name of the objects and of the Service. @default blackbox-exporter */
  readonly name?: string;
  /** Options of the pods. @default - none */
  readonly pod?: PodOptions;
}

const CONFIG_PATH = '/etc/blackbox-exporter';

/**
 * Probes URLs from outside the application. `component.allowEgressTo(Endpoint.url(…))` permits a URL; the scrape job
 * of Prometheus names it.
 */
export class BlackboxExporter extends PatchableConstruct {
  /** The exporter, for arguments, mounts and connections. */
  readonly component: Component;
  /** Name of the module that expects a 2xx over verified TLS. */
  readonly httpModule = HTTP_MODULE;

  constructor(scope: Construct, id: string, props: BlackboxExporterProps = {}) {
    super(scope, id);
    const name = props.name ?? 'blackbox-exporter';
    const config = new ConfigDirectory(this, 'config', { name, path: CONFIG_PATH });
    config.addFile('config.yml', toYaml(blackboxConfig(networkOf(this).ipFamilies)));
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
  }

  /** Probes, and the metrics of the exporter itself. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }
}

import type { Construct } from 'constructs';
import { Component, type Endpoint, hostDirectory, httpProbe, images, type PodOptions } from '../kit';
import { checkCidrs, checkPort } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { nodeExporterArgs } from './node-exporter-config';

/** Props of `NodeExporter`. */
export interface NodeExporterProps {
  /** Name of the objects and of the Service. @default node-exporter */
  readonly name?: string;
  /** Port on the node's own network. @default 9100 */
  readonly port?: number;
  /** Ranges that hold the nodes' addresses. @default - those of the cluster's network */
  readonly nodeCidrs?: readonly string[];
  /** Options of the pods. @default - none */
  readonly pod?: PodOptions;
}

const HOST_ROOT = '/host/root';

/**
 * Metrics of the hosts, from one agent on each. The agent reads the host's files and network, so its namespace needs
 * the Pod Security level `privileged`.
 *
 * @example
 * new NodeExporter(chart, 'node-exporter', { nodeCidrs: ['10.0.0.0/16'] });
 */
export class NodeExporter extends PatchableConstruct {
  /** The exporter, for arguments, mounts and connections. */
  readonly component: Component;

  /** @throws SettingError for an invalid port or range */
  constructor(scope: Construct, id: string, props: NodeExporterProps = {}) {
    super(scope, id);
    checkCidrs('nodeCidrs', props.nodeCidrs);
    const port = props.port ?? 9100;
    checkPort('port', port);
    this.component = new Component(this, 'exporter', {
      name: props.name ?? 'node-exporter',
      image: images.nodeExporter,
      workload: { kind: 'DaemonSet', host: { network: true, pid: true, nodeCidrs: props.nodeCidrs } },
      ports: { http: { port } },
      args: nodeExporterArgs(port, HOST_ROOT),
      probes: { readiness: httpProbe('/'), liveness: httpProbe('/') },
      resources: { cpu: '50m', memory: '128Mi' },
      mounts: [hostDirectory('root', '/', HOST_ROOT)],
      pod: props.pod,
    });
  }

  /** Metrics of the hosts. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }
}

import type { Manifest } from '../../../testing/manifests';
import { textFilesOf } from '../graph/files';
import { type Part, type Pods, podsOf } from '../graph/pods';
import { parseYaml } from '../graph/yaml';

/** Every variable that an argument or another variable expands is defined in the container. */
export function variables(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) =>
    pods.containers.flatMap((container) => {
      const { command = [], args = [], env = [] } = container;
      const texts: string[] = [...command, ...args, ...env.map(({ value = '' }: Part) => value)];
      return texts
        .flatMap(expandedByKubernetes)
        .filter((variable) => !isDefined(container, variable))
        .map((variable) => `${pods.name} expands $(${variable}), which container ${container.name} does not define`);
    }),
  );
}

/** Every variable that Prometheus expands in its external labels is defined in the container. */
export function externalLabelVariables(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) =>
    externalLabels(manifests, pods)
      .flatMap((label) => [...label.matchAll(/\$\{(\w+)\}/g)])
      .filter(([, variable]) => !pods.containers.some((container) => isDefined(container, variable!)))
      .map(([, variable]) => `${pods.name} labels its alerts with \${${variable}}, which no container defines`),
  );
}

/** Every probe calls a port that the container listens on. */
export function probePorts(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) =>
    pods.containers.flatMap((container) =>
      ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) => {
        const { httpGet, tcpSocket, grpc } = container[probe] ?? {};
        const port = (httpGet ?? tcpSocket ?? grpc)?.port;
        return port === undefined || listensOn(container, port)
          ? []
          : [`${pods.name}: ${probe} probes port ${port}, on which container ${container.name} does not listen`];
      }),
    ),
  );
}

/** Names in `$(NAME)`; `$$(NAME)` is the text itself. */
function expandedByKubernetes(text: string): string[] {
  return [...text.matchAll(/(?<!\$)\$\((\w+)\)/g)].map(([, variable]) => variable!);
}

function isDefined({ env = [] }: Part, variable: string): boolean {
  return env.some(({ name }: Part) => name === variable);
}

function externalLabels(manifests: readonly Manifest[], pods: Pods): string[] {
  return textFilesOf(manifests, pods)
    .filter(({ name }) => name === 'prometheus.yml')
    .flatMap(({ text }) => Object.values<string>(parseYaml(text).global?.external_labels ?? {}));
}

function listensOn({ ports = [] }: Part, port: string | number): boolean {
  return ports.some(({ name, containerPort }: Part) => name === port || containerPort === port);
}

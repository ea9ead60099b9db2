import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, images } from '../../../constructs/kit/images';
import { DIST, type Manifest, ofKind } from '../../../testing/manifests';
import { type Part, type Pods, podsOf } from '../graph/pods';

const CATALOGUE = Object.values<Image>(images).map(
  ({ repository, tag, digest }) => `${repository}:${tag}${digest ? `@${digest}` : ''}`,
);

/** The images that the synthesized platform deploys. Constructs of the package that it does without have others. */
const DEPLOYED = readFileSync(join(DIST, 'images.txt'), 'utf8').trim().split('\n');

/** Volumes that Pod Security `restricted` admits. */
const RESTRICTED_VOLUMES = ['configMap', 'downwardAPI', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];

/** Fields that give access to the host. */
const HOST_FIELDS = ['hostNetwork', 'hostPID', 'hostIPC'];

/** Every image is one of the catalogue, at the catalogue's version, and every image of `images.txt` is used. */
export function containerImages(manifests: readonly Manifest[]): string[] {
  const used = containersOf(manifests).map(({ where, container }) => ({ where, image: container.image as string }));
  return [
    ...used
      .filter(({ image }) => !hasVersion(image))
      .map(({ where, image }) => `${where}: image ${image} has no explicit version`),
    ...used
      .filter(({ image }) => !CATALOGUE.includes(image))
      .map(({ where, image }) => `${where}: image ${image} is not in the catalogue`),
    ...DEPLOYED.filter((image) => !used.some((use) => use.image === image)).map(
      (image) => `image ${image} of the catalogue is used by no pod`,
    ),
  ];
}

/** Every container requests resources and limits its memory. */
export function containerResources(manifests: readonly Manifest[]): string[] {
  return containersOf(manifests).flatMap(({ where, container: { resources = {} } }) =>
    [
      !resources.requests?.cpu && 'requests no cpu',
      !resources.requests?.memory && 'requests no memory',
      !resources.limits?.memory && 'has no memory limit',
    ].flatMap((problem) => (problem ? [`${where} ${problem}`] : [])),
  );
}

/** Agents that read files of their node that only root may read: the container runtime writes the logs of pods so. */
const READS_AS_ROOT = ['log-collector'];

/** Every container meets Pod Security `restricted`, with a read-only root file system. */
export function securityContexts(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) =>
    pods.containers.flatMap((container) => {
      // The container's setting takes precedence over the pod's.
      const context = { ...pods.spec.securityContext, ...container.securityContext };
      const added: string[] = context.capabilities?.add ?? [];
      const { kind, metadata } = pods.workload;
      const mayBeRoot = kind === 'DaemonSet' && READS_AS_ROOT.includes(metadata.name);
      return [
        !mayBeRoot && context.runAsNonRoot !== true && 'may run as root',
        !mayBeRoot && context.runAsUser === 0 && 'runs as root',
        context.seccompProfile?.type !== 'RuntimeDefault' && 'runs without the seccomp profile RuntimeDefault',
        context.privileged && 'is privileged',
        context.allowPrivilegeEscalation !== false && 'may gain privileges',
        context.readOnlyRootFilesystem !== true && 'can write to its root file system',
        !context.capabilities?.drop?.includes('ALL') && 'keeps capabilities',
        added.length > 0 && `adds the capabilities ${added.join(', ')}`,
      ].flatMap((problem) => (problem ? [`${whereOf(pods, container)} ${problem}`] : []));
    }),
  );
}

/** Only pods in a privileged namespace use the host, and no others run there. */
export function hostAccess(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) => {
    const namespace = ofKind(manifests, 'Namespace').find(({ metadata }) => metadata.name === pods.namespace);
    const level = namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'];
    const touches = hostTouches(pods);
    if (level === 'privileged') {
      return touches.length > 0 ? [] : [`${pods.name} is in a privileged namespace but does not use the host`];
    }
    return [
      ...(level === 'restricted' ? [] : [`${pods.name} is in a namespace that enforces ${level ?? 'nothing'}`]),
      ...touches.map((touch) => `${pods.name} has ${touch} in a namespace that is not privileged`),
    ];
  });
}

/** Every server has a liveness and a readiness probe. */
export function containerProbes(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests)
    .filter(({ workload }) => workload.kind !== 'Job' && workload.kind !== 'CronJob')
    .flatMap((pods) =>
      pods.spec.containers.flatMap((container: Part) =>
        ['livenessProbe', 'readinessProbe']
          .filter((probe) => !container[probe])
          .map((probe) => `${whereOf(pods, container)} has no ${probe}`),
      ),
    );
}

function containersOf(manifests: readonly Manifest[]): { where: string; container: Part }[] {
  return podsOf(manifests).flatMap((pods) =>
    pods.containers.map((container) => ({ where: whereOf(pods, container), container })),
  );
}

function whereOf({ name }: Pods, container: Part): string {
  return `${name}: container ${container.name}`;
}

function hasVersion(image: string): boolean {
  const [, tag] = /^[^@]*\/[^:@]+:([^@]+)/.exec(image) ?? [];
  return tag !== undefined && tag !== 'latest';
}

function hostTouches({ spec, containers }: Pods): string[] {
  const volumes: Part[] = spec.volumes ?? [];
  return [
    ...HOST_FIELDS.filter((field) => spec[field]),
    ...volumes
      .filter((volume) => !RESTRICTED_VOLUMES.some((kind) => volume[kind]))
      .map(({ name }) => `volume ${name}, which restricted pods may not have,`),
    ...containers
      .flatMap(({ ports = [] }) => ports)
      .filter(({ hostPort }: Part) => hostPort)
      .map(({ hostPort }: Part) => `hostPort ${hostPort}`),
  ];
}

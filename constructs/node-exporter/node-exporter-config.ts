/** Mount points of pods and of the container runtime: they belong to containers, and there are many. */
const CONTAINER_MOUNTS = '^/(dev|proc|run|sys|var/lib/(containerd|containers|docker|kubelet)/.+)($|/)';

/** Interfaces of pods. */
const CONTAINER_INTERFACES = '^(veth.*|cali.*|cilium.*|lxc.*|eni.*|[a-f0-9]{15})$';

/** Arguments of the exporter: the collectors that rules read, looking at the host instead of at the container. */
export function nodeExporterArgs(port: number, hostRoot: string): readonly string[] {
  return [
    `--web.listen-address=:${port}`,
    `--path.rootfs=${hostRoot}`,
    `--path.procfs=${hostRoot}/proc`,
    `--path.sysfs=${hostRoot}/sys`,
    `--path.udev.data=${hostRoot}/run/udev/data`,
    `--collector.filesystem.mount-points-exclude=${CONTAINER_MOUNTS}`,
    `--collector.netclass.ignored-devices=${CONTAINER_INTERFACES}`,
    `--collector.netdev.device-exclude=${CONTAINER_INTERFACES}`,
    '--no-collector.btrfs',
    '--no-collector.infiniband',
    '--no-collector.ipvs',
    '--no-collector.nfs',
    '--no-collector.nfsd',
    '--no-collector.wifi',
    '--no-collector.zfs',
  ];
}

/** Mount points of pods and of the container runtime, which are many and say nothing about the host. */
const CONTAINER_MOUNTS = '^/(dev|proc|run|sys|var/lib/(containerd|containers|docker|kubelet)/.+)($|/)';

/** Network interfaces of pods. */
const CONTAINER_INTERFACES = '^(veth.*|cali.*|cilium.*|lxc.*|eni.*|[a-f0-9]{15})$';

/** Arguments of the exporter: it reads the host instead of the container, without the collectors that no rule reads. */
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
    // Kernels without CONFIG_SCHEDSTATS have no /proc/schedstat: the collector would fail on each scrape.
    '--no-collector.schedstat',
    '--no-collector.wifi',
    '--no-collector.zfs',
  ];
}

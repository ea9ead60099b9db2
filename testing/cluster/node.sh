#!/usr/bin/env bash
# Process 1 of a node: mounts what a node has, then keeps containerd, kubelet, kube-proxy and the enforcer of
# NetworkPolicies running. Runs in namespaces of its own, so ending it ends the node and every pod on it.
# Usage: node.sh NAME ADDRESS POD_NETWORK DIRECTORY BIN LOGS API_HOST API_PORT ZONE
set -euo pipefail
name=$1 address=$2 pod_network=$3 directory=$4 bin=$5 logs=$6 api_host=$7 api_port=$8 zone=$9

hostname "$name"
mount --make-rprivate /

# The cgroup namespace makes the node's own cgroup the root of each hierarchy. The old mounts must not stay below.
controllers=$(cd /sys/fs/cgroup && for each in *; do
  case $each in systemd | unified) ;; *) [ -L "$each" ] || echo "$each" ;; esac
done)
umount --lazy --recursive /sys
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for each in $controllers; do
  mkdir "/sys/fs/cgroup/$each"
  mount -t cgroup -o "$each" cgroup "/sys/fs/cgroup/$each"
done

mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns
own() { # A directory of the node's own in place of the machine's.
  mkdir -p "$1" "$directory/$2"
  mount --bind "$directory/$2" "$1"
}
own /var/lib/containerd containerd
own /var/lib/kubelet kubelet
own /var/log log
own /var/log/pods pods
own /var/log/containers containers
own /var/lib/cni cni
own /var/lib/log-collector log-collector
own /etc/cni/net.d cni-config
mount --make-rshared /

# kubelet insists on these settings, which belong to the kernel of the whole machine. It sees the values it wants, and
# the machine keeps its own (pkg/kubelet/cm/container_manager_linux.go: setupKernelTunables).
mkdir /run/sysctl
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=/run/sysctl/$(tr / _ <<<"${setting%%=*}")
  echo "${setting##*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%%=*}"
done

ip link set lo up
until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done # The launcher makes it.
ip address add "$address/24" dev eth0
ip link set eth0 up
ip route add default via "$api_host"
echo 1 >/proc/sys/net/ipv4/ip_forward

# ptp routes every packet through the node, so that also those between its own pods pass the hooks below.
cat >/etc/cni/net.d/10-cluster.conflist <<JSON
{
  "cniVersion": "1.0.0",
  "name": "cluster",
  "plugins": [
    {
      "type": "ptp",
      "mtu": 1500,
      "ipam": { "type": "host-local", "subnet": "$pod_network", "routes": [{ "dst": "0.0.0.0/0" }] }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
JSON

# kube-network-policies decides about packets in queue 100. Its own rules need the nftables expression `queue`; where
# the kernel lacks it (CONFIG_NFT_QUEUE), the NFQUEUE target hands the packets over. Established connections pass, and
# so does the node itself: policies never apply to it. INPUT are the packets from pods to their own node.
iptables -t mangle -N POLICY
iptables -t mangle -A POLICY -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
iptables -t mangle -A POLICY -m addrtype --src-type LOCAL -j RETURN
iptables -t mangle -A POLICY -s 10.244.0.0/16 -j NFQUEUE --queue-num 100
iptables -t mangle -A POLICY -d 10.244.0.0/16 -j NFQUEUE --queue-num 100
iptables -t mangle -A POSTROUTING -j POLICY
iptables -t mangle -A INPUT -j POLICY

account=/run/secrets/kubernetes.io/serviceaccount
mkdir -p "$account"
cp "$directory/../credentials/kube-network-policies" "$account/token"
cp "$directory/../certificates/ca.crt" "$account/ca.crt"

keep() { # Runs a program for as long as the node lives.
  local log="$logs/$name-$(basename "$1").log"
  while :; do
    "$@" >>"$log" 2>&1 || true
    sleep 0.5
  done
}
keep containerd --config "$directory/../containerd.toml" &
until [ -S /run/containerd/containerd.sock ]; do sleep 0.1; done
keep "$bin/kubelet" --config="$directory/../kubelet.json" --kubeconfig="$directory/../credentials/$name.kubeconfig" \
  --hostname-override="$name" --node-ip="$address" --root-dir=/var/lib/kubelet \
  --node-labels="topology.kubernetes.io/zone=$zone" --v=2 &
keep "$bin/kube-proxy" --config="$directory/../kube-proxy.json" --hostname-override="$name" &
KUBERNETES_SERVICE_HOST=$api_host KUBERNETES_SERVICE_PORT=$api_port keep "$bin/kube-network-policies" \
  --hostname-override="$name" --metrics-bind-address=127.0.0.1:9080 --disable-nri --netfilter-bug-1766-fix=false &
echo ready >"$directory/ready"
while :; do wait -n || sleep 1; done

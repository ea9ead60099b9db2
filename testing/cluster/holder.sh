#!/usr/bin/env bash
# Holds the namespaces of a cluster until its standard input closes: the launcher ends, however it ends.
# Usage: holder.sh CGROUP_DIRECTORY…
#
# The child is process 1 of a PID namespace. When it ends, the kernel kills every process of the cluster, and the
# network, the mounts and the nested namespaces disappear with them. Only cgroups stay, which are removed here.

(
  for directory in "$@"; do echo "$BASHPID" >"$directory/cgroup.procs"; done
  exec unshare --net --pid --mount --fork --kill-child=KILL --mount-proc \
    bash -c 'while read -r _; do :; done'
)

for _ in $(seq 100); do
  for directory in "$@"; do
    [ -d "$directory" ] && find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  left=0
  for directory in "$@"; do [ -d "$directory" ] && left=1; done
  [ "$left" = 0 ] && exit 0
  sleep 0.1
done
echo "cgroups are left: $*"
exit 1

#!/bin/bash
# Process 1 of the sandbox. Killing it ends everything in here, and with the namespaces go their mounts, interfaces and rules.
# $1 is the state folder, $2 the number of nodes. Nothing of the host is changed: all of this happens in namespaces of our own.
set -e
state=$1
nodes=$(seq "$2")

mount --make-rshared /
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock
mkdir -p /var/lib/cni
mount --bind "$state/cni-state" /var/lib/cni
# The kubelet insists on /var/log/containers.
mount --bind "$state/log" /var/log
for n in $nodes; do
  mkdir -p "/var/lib/containerd$n" "/var/lib/kubelet$n"
  mount --bind "$state/containerd$n" "/var/lib/containerd$n"
  mount --bind "$state/kubelet$n" "/var/lib/kubelet$n"
  mount --make-rshared "/var/lib/kubelet$n"
done

# The kubelet sets these for the whole machine unless they have its values already: let it see what it wants to see.
while read -r name value; do
  [ "$(cat "/proc/sys/$name")" = "$value" ] && continue
  file="$state/sysctl/${name//\//.}"
  echo "$value" > "$file"
  mount --bind "$file" "/proc/sys/$name"
done <<EOF
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
EOF

hostname node1
ip link set lo up
for n in $nodes; do ip addr add "10.200.0.$((n + 1))/32" dev lo; done
# Without a route there is no packet for kube-proxy's rules to translate.
ip route add 10.96.0.0/16 dev lo src 10.200.0.2
sysctl -qw net.ipv4.ip_forward=1
[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || sysctl -qw net.bridge.bridge-nf-call-iptables=1
ulimit -Sn "$(ulimit -Hn)"

touch "$state/ready"
# Bash reaps what the container shims leave to process 1.
while :; do sleep 1d & wait $!; done

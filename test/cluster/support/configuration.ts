/** The configuration files of the sandbox's components, as text. Pure. */
import { CGROUP, HOST_IP, inState, kubeconfigOf, nodeIP, POD_CIDR } from './layout.ts'

/** Plugins of containerd that want what the sandbox does not have. */
const UNWANTED = [
  ...['snapshotter.v1.btrfs', 'snapshotter.v1.devmapper', 'snapshotter.v1.aufs', 'snapshotter.v1.zfs'],
  ...['tracing.processor.v1.otlp', 'internal.v1.tracing', 'internal.v1.opt'],
].map((name) => `io.containerd.${name}`)

export function containerdToml(node: number, runc: string): string {
  return `version = 2
root = "/var/lib/containerd${node}"
state = "/run/containerd${node}"
oom_score = 0
disabled_plugins = ${JSON.stringify(UNWANTED)}
[grpc]
  address = "${containerdSocket(node)}"
# Two of them on one machine would fight for one socket.
[ttrpc]
  address = "${containerdSocket(node)}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # Root without CAP_SYS_RESOURCE may not lower an OOM score.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${inState('cni')}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "${runc}"
        SystemdCgroup = false
`
}

export const containerdSocket = (node: number) => `/run/containerd${node}/containerd.sock`

/** One bridge for the pods of all nodes: they are on one machine. No masquerading, since there is no way out. */
export function cniJson(): string {
  const ranges = [[{ subnet: '10.244.0.0/23' }]]
  const ipam = {
    type: 'host-local',
    ranges,
    routes: [{ dst: '0.0.0.0/0' }],
    dataDir: '/var/lib/cni/ipam',
  }
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    hairpinMode: true,
    ipMasq: false,
    ipam,
  }
  const portmap = { type: 'portmap', capabilities: { portMappings: true } }
  return JSON.stringify({ cniVersion: '1.0.0', name: 'pods', plugins: [bridge, portmap] })
}

export function kubeletJson(node: number): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: nodeIP(node),
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10_347 + node,
    // The API server comes without a certificate of ours, and nobody else reaches this network.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${containerdSocket(node)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${CGROUP}/node${node}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: ['pods'],
    oomScoreAdj: 0,
    clusterDNS: [HOST_IP],
    clusterDomain: 'cluster.local',
    resolvConf: inState('resolv.conf'),
    podLogsDir: `/var/log/pods${node}`,
    maxPods: 250,
    // There is no registry to fetch an image from again.
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
  })
}

export function kubeProxyJson(): string {
  return JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: kubeconfigOf('kube-proxy') },
    hostnameOverride: 'node1',
    clusterCIDR: POD_CIDR,
    detectLocalMode: 'ClusterCIDR',
    oomScoreAdj: 0,
    bindAddress: HOST_IP,
    nodePortAddresses: ['primary'],
    // These sysctls cannot be written in a network namespace.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  })
}

/** Names outside the cluster do not exist, at once: in one block the template would answer before the cluster's names do. */
export function corefile(): string {
  return `.:53 {
  bind ${HOST_IP}
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
cluster.local:53 in-addr.arpa:53 {
  bind ${HOST_IP}
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${kubeconfigOf('coredns')}
    pods insecure
    ttl 2
  }
}
`
}

/** JSON is YAML. */
export function kubeconfigJson(server: string, certificate: string, token: string): string {
  const cluster = { server, 'certificate-authority-data': Buffer.from(certificate).toString('base64') }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  })
}

/** The components of the cluster and their flags. Pure. */
import { HOST_IP, inState, kubeconfigOf, nodeIP, nodeNumbers, SERVICE_CIDR } from './layout.ts'

export type Command = { readonly name: string; readonly argv: readonly string[] }

export type Programs = { readonly hyperkube: string; readonly coredns: string; readonly containerd: string }

/** Who may talk to the API server, with the groups that give them their rights. */
export function users(nodes: number): { name: string; user: string; groups: string[] }[] {
  return [
    { name: 'admin', user: 'admin', groups: ['system:masters'] },
    { name: 'coredns', user: 'coredns', groups: ['system:masters'] },
    { name: 'controllers', user: 'system:kube-controller-manager', groups: [] },
    { name: 'scheduler', user: 'system:kube-scheduler', groups: [] },
    { name: 'kube-proxy', user: 'system:kube-proxy', groups: [] },
    ...nodeNumbers(nodes).map((node) => ({
      name: `node${node}`,
      user: `system:node:node${node}`,
      groups: ['system:nodes'],
    })),
  ]
}

/** What runs before there is an API server. */
export function first({ hyperkube, containerd }: Programs, nodes: number): Command[] {
  return [
    {
      name: 'etcd',
      argv: [
        ...[hyperkube, 'etcd', `--data-dir=${inState('etcd')}`],
        '--listen-client-urls=http://127.0.0.1:2379',
        '--advertise-client-urls=http://127.0.0.1:2379',
        '--listen-peer-urls=http://127.0.0.1:2380',
        '--unsafe-no-fsync',
        '--log-level=warn',
      ],
    },
    ...nodeNumbers(nodes).map((node) => ({
      name: `containerd${node}`,
      argv: [containerd, '-c', inState(`containerd${node}.toml`)],
    })),
    {
      name: 'kube-apiserver',
      argv: [
        ...[hyperkube, 'kube-apiserver', '--etcd-servers=http://127.0.0.1:2379', '--secure-port=6443'],
        // There is no default route to learn it from.
        `--advertise-address=${HOST_IP}`,
        `--service-cluster-ip-range=${SERVICE_CIDR}`,
        '--authorization-mode=Node,RBAC',
        '--enable-admission-plugins=NodeRestriction',
        '--allow-privileged=true',
        `--cert-dir=${inState('certificates')}`,
        `--token-auth-file=${inState('tokens.csv')}`,
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `--service-account-signing-key-file=${inState('service-accounts.key')}`,
        `--service-account-key-file=${inState('service-accounts.pub')}`,
        '--kubelet-preferred-address-types=InternalIP',
        '--profiling=false',
      ],
    },
  ]
}

/** What runs with one. */
export function second({ hyperkube, coredns }: Programs, nodes: number): Command[] {
  const serving = ['--leader-elect=false', '--bind-address=127.0.0.1']
  return [
    {
      name: 'kube-controller-manager',
      argv: [
        ...[hyperkube, 'kube-controller-manager', `--kubeconfig=${kubeconfigOf('controllers')}`, ...serving],
        `--service-account-private-key-file=${inState('service-accounts.key')}`,
        `--root-ca-file=${inState('certificates', 'apiserver.crt')}`,
        '--use-service-account-credentials=true',
        '--allocate-node-cidrs=false',
      ],
    },
    {
      name: 'kube-scheduler',
      argv: [hyperkube, 'kube-scheduler', `--kubeconfig=${kubeconfigOf('scheduler')}`, ...serving],
    },
    ...nodeNumbers(nodes).map((node) => ({
      name: `kubelet${node}`,
      argv: [
        ...[hyperkube, 'kubelet', `--config=${inState(`kubelet${node}.json`)}`],
        `--kubeconfig=${kubeconfigOf(`node${node}`)}`,
        `--root-dir=/var/lib/kubelet${node}`,
        `--cert-dir=/var/lib/kubelet${node}/pki`,
        `--hostname-override=node${node}`,
        `--node-ip=${nodeIP(node)}`,
      ],
    })),
    { name: 'kube-proxy', argv: [hyperkube, 'kube-proxy', `--config=${inState('kube-proxy.json')}`] },
    { name: 'coredns', argv: [coredns, '-conf', inState('Corefile')] },
  ]
}

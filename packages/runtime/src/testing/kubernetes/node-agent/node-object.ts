/** What a node shows of itself: the Node, its conditions and its Lease. */
import { type KubernetesClient, KubernetesError } from '../client.ts'
import type { NodePod, Taint } from './pod.ts'

export type NodeView = { readonly unschedulable: boolean; readonly taints: readonly Taint[] }

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const CONDITIONS = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
  ['Ready', 'True', 'KubeletReady'],
] as const

/** Makes the Node, or takes over one of that name, and tells that it is ready. */
export async function register(
  client: KubernetesClient,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const own = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch }
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { ...own, ...labels } } }
  const path = `/api/v1/nodes/${name}`
  try {
    await client.request('POST', '/api/v1/nodes', { body: node })
    // The API server taints every new node; the controller that ends that is not part of every control plane of the tests.
    await client.request('PATCH', path, { body: { spec: { taints: null } } })
  } catch (error) {
    if (!(error instanceof KubernetesError && error.reason === 'AlreadyExists')) throw error
  }
  const resources = { cpu: '64', memory: '256Gi', pods: '20000', 'ephemeral-storage': '1Ti' }
  const addresses = [
    { type: 'InternalIP', address: '127.0.0.1' },
    { type: 'Hostname', address: name },
  ]
  const status = { capacity: resources, allocatable: resources, addresses }
  await client.request('PATCH', `${path}/status`, { body: { status } })
  await beat(client, name)
}

/** One heartbeat: renews the Lease and the conditions, and reads what others want of the node. */
export async function beat(client: KubernetesClient, name: string): Promise<NodeView> {
  const now = new Date()
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: 40,
      renewTime: now.toISOString().replace('Z', '000Z'),
    },
  }
  await client.apply(`${LEASES}/${name}`, lease)
  const at = now.toISOString()
  const conditions = CONDITIONS.map(([type, status, reason]) => ({
    type,
    status,
    reason,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  }))
  const node = await client.request<Node>('PATCH', `/api/v1/nodes/${name}/status`, {
    body: { status: { conditions } },
    contentType: 'application/strategic-merge-patch+json',
  })
  return viewOf(node)
}

/** What others want of the node now. */
export async function look(client: KubernetesClient, name: string): Promise<NodeView> {
  return viewOf(await client.request<Node>('GET', `/api/v1/nodes/${name}`))
}

type Node = { spec: { unschedulable?: boolean; taints?: Taint[] } }

function viewOf({ spec }: Node): NodeView {
  return { unschedulable: spec.unschedulable ?? false, taints: spec.taints ?? [] }
}

/** Removes the Node and its Lease. */
export async function unregister(client: KubernetesClient, name: string): Promise<void> {
  for (const path of [`/api/v1/nodes/${name}`, `${LEASES}/${name}`])
    await client.request('DELETE', path).catch((error: unknown) => {
      if (!(error instanceof KubernetesError && error.status === 404)) throw error
    })
}

/** Whether the scheduler would let this pod onto the node. */
export function admits(node: NodeView, pod: NodePod): boolean {
  if (node.unschedulable) return false
  return node.taints
    .filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
    .every((taint) =>
      (pod.spec.tolerations ?? []).some(
        ({ key, operator = 'Equal', value, effect }) =>
          (key === undefined || key === taint.key) &&
          (effect === undefined || effect === taint.effect) &&
          (operator === 'Exists' || (value ?? '') === (taint.value ?? '')),
      ),
    )
}

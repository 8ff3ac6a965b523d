/** What a kubelet tells of a pod, as a pure function of what its containers do. */
import type { NodePod } from './pod.ts'

export type ContainerState = {
  readonly waiting?: { readonly reason: string; readonly message?: string }
  readonly running?: { readonly startedAt: string }
  readonly terminated?: {
    readonly exitCode: number
    readonly reason: string
    readonly startedAt: string
    readonly finishedAt: string
  }
}

/** A container as its runner sees it. */
export type ContainerReport = {
  readonly name: string
  readonly image: string
  readonly restartCount: number
  readonly ready: boolean
  readonly started: boolean
  readonly state: ContainerState
  readonly lastState?: ContainerState
}

export type Placed = { readonly podIP: string; readonly hostIP: string; readonly startTime: string }

type Condition = {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime: string
}

export type NodePodStatus = {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  readonly reason?: string
  readonly message?: string
  readonly conditions: readonly Condition[]
  readonly containerStatuses: readonly (ContainerReport & { readonly imageID: string })[]
  readonly hostIP: string
  readonly podIP: string
  readonly podIPs: readonly { readonly ip: string }[]
  readonly startTime: string
}

/**
 * @param previous what was told last: conditions keep their time of transition as long as they do not change
 * @param over why the pod as a whole has ended for good, e.g. `Evicted`
 */
export function statusOf(
  pod: NodePod,
  placed: Placed,
  containers: readonly ContainerReport[],
  now: string,
  previous?: NodePodStatus,
  over?: { readonly reason: string; readonly message: string },
): NodePodStatus {
  const phase = over ? 'Failed' : phaseOf(pod, containers)
  const unready = containers.filter((container) => !container.ready).map((container) => container.name)
  const finished = phase === 'Succeeded' || phase === 'Failed'
  const containersReady = unready.length === 0 && !finished
  const reason = finished ? `Pod${phase === 'Failed' ? 'Failed' : 'Completed'}` : 'ContainersNotReady'
  const why = containersReady
    ? {}
    : { reason, message: `containers with unready status: [${unready.join(' ')}]` }
  const condition = (type: string, holds: boolean, because: { reason?: string; message?: string } = {}) => {
    const status: Condition['status'] = holds ? 'True' : 'False'
    const before = previous?.conditions.find((one) => one.type === type)
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now
    return { type, status, ...because, lastTransitionTime }
  }
  return {
    phase,
    ...over,
    conditions: [
      condition('PodReadyToStartContainers', !finished),
      condition('Initialized', true),
      condition('Ready', containersReady, why),
      condition('ContainersReady', containersReady, why),
    ],
    containerStatuses: containers.map((container) => ({ ...container, imageID: container.image })),
    hostIP: placed.hostIP,
    podIP: placed.podIP,
    podIPs: [{ ip: placed.podIP }],
    startTime: placed.startTime,
  }
}

function phaseOf(pod: NodePod, containers: readonly ContainerReport[]): NodePodStatus['phase'] {
  const final = containers.every(
    ({ state }) => state.terminated && !willRestart(pod, state.terminated.exitCode),
  )
  if (final) return containers.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
  const neverRan = ({ state, lastState }: ContainerReport) => state.waiting && !lastState
  return containers.some(neverRan) ? 'Pending' : 'Running'
}

/** Whether a container that ended so is started again in place. A pod that is being deleted starts nothing. */
export function willRestart(pod: NodePod, exitCode: number): boolean {
  if (pod.metadata.deletionTimestamp) return false
  const policy = pod.spec.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../clock/index.ts'
import type { NodeClient } from '../port.ts'
import type { Cache, Cached } from './cache.ts'

type Condition = { readonly type: string; readonly status: string; readonly lastTransitionTime?: string }

/** What is kept of a node. Nodes have no namespace; the cache's keys have an empty one. */
export type Node = Cached & {
  readonly status?: { readonly conditions?: readonly Condition[] }
}

export function shrinkNode({ metadata, status }: Node): Node {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const { name, uid, resourceVersion } = metadata
  // Since when a node answers is of no interest, and a change of it is no news for thousands of pods.
  const since = ready?.status === 'Unknown' ? { lastTransitionTime: ready.lastTransitionTime ?? '' } : {}
  return {
    metadata: { namespace: '', name, uid, resourceVersion },
    status: { conditions: ready ? [{ type: 'Ready', status: ready.status, ...since }] : [] },
  }
}

/** Heartbeats make a new version every few minutes and change nothing that is kept: the node's pods are not looked at for it. */
export const isSameNode = (a: Node, b: Node) => isDeepStrictEqual(a.status, b.status)

/** `Unknown` is what the control plane says of a node that has not been heard of; `False` comes from the node itself. */
export function createNodes(deps: {
  readonly cache: Cache<Node>
  /** Nodes may not be readable here; then nothing is known of them. */
  readonly synced: () => boolean
  readonly clock: Clock
}): NodeClient {
  /** Since when nodes are missed that do not exist. */
  const missed = new Map<string, string>()

  return {
    async unreachableSince(name) {
      if (!deps.synced()) return undefined
      const node = deps.cache.get({ namespace: '', name })
      if (!node) {
        const since = missed.get(name) ?? deps.clock.now().toISOString()
        missed.set(name, since)
        return since
      }
      missed.delete(name)
      const ready = node.status?.conditions?.[0]
      return ready?.status === 'Unknown' ? ready.lastTransitionTime : undefined
    },
  }
}

import type { ResourceKey } from '@warren/contracts'
import type { ClusterWatch } from '../port.ts'

type Listener = (key: ResourceKey, initial: boolean) => void

/**
 * Tells listeners which keys changed, one turn later and each key once a turn.
 * @param ready resolves when `existing` is complete; at once unless told
 */
export function createWatchHub(
  existing: () => Iterable<ResourceKey>,
  ready: () => Promise<void> = () => Promise.resolve(),
) {
  const listeners = new Set<Listener>()
  const changed = new Map<string, ResourceKey>()

  function flush() {
    const keys = [...changed.values()]
    changed.clear()
    for (const key of keys) for (const listener of [...listeners]) listener(key, false)
  }

  return {
    changed(key: ResourceKey): void {
      if (changed.size === 0) setImmediate(flush)
      changed.set(storeKey(key), key)
    },
    watch(onKey: Listener): ClusterWatch {
      let stopped = false
      const listener: Listener = (key, initial) => {
        if (!stopped) onKey(key, initial)
      }
      const synced = ready().then(() => {
        for (const key of existing()) listener(key, true)
        if (!stopped) listeners.add(listener)
      })
      return {
        synced,
        stop() {
          stopped = true
          listeners.delete(listener)
        },
      }
    },
  }
}

/** One text for a namespaced name; sorts by namespace, then name. */
export function storeKey(key: ResourceKey): string {
  return `${key.namespace}/${key.name}`
}

import { isWarrenError, type ResourceKey } from '@warren/contracts'
import type { Clock, Timer } from '../../clock/index.ts'
import type { SessionPod } from '../pod.ts'
import { storeKey } from '../store/watch-hub.ts'

/**
 * Pods that bear one of our names and are not ours: the watch is for our label alone and does not tell of them. They are asked for instead,
 * for as long as they are there.
 */
export type Strangers = {
  get(key: ResourceKey): SessionPod | undefined
  /** A name was taken although our pods do not have it. */
  meet(key: ResourceKey): Promise<void>
  stop(): void
}

const LOOK_AGAIN_MS = 10_000

export function createStrangers(deps: {
  /** Whether the watch tells of it: then it was only a little late. */
  readonly watched: (pod: SessionPod) => boolean
  readonly look: (key: ResourceKey) => Promise<SessionPod>
  /** The name is free again, or ours. */
  readonly onGone: (key: ResourceKey) => void
  readonly clock: Clock
}): Strangers {
  const known = new Map<string, SessionPod>()
  let timer: Timer | undefined

  async function meet(key: ResourceKey): Promise<void> {
    try {
      const pod = await deps.look(key)
      if (!deps.watched(pod)) return void known.set(storeKey(key), pod)
    } catch (error) {
      // Whatever else went wrong, it is still believed to be there.
      if (!isWarrenError(error, 'not_found')) return
    }
    if (known.delete(storeKey(key))) deps.onGone(key)
  }

  async function lookAgain(): Promise<void> {
    for (const { metadata } of [...known.values()]) await meet(metadata)
    timer?.stop()
    timer = known.size > 0 ? deps.clock.setTimer(LOOK_AGAIN_MS, () => void lookAgain()) : undefined
  }

  return {
    get: (key) => known.get(storeKey(key)),
    async meet(key) {
      await meet(key)
      timer ??= deps.clock.setTimer(LOOK_AGAIN_MS, () => void lookAgain())
    },
    stop() {
      timer?.stop()
      known.clear()
    },
  }
}

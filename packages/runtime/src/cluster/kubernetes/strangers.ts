import { isWarrenError, type ResourceKey } from '@warren/contracts'
import type { Clock, Timer } from '../../clock/index.ts'
import type { SessionPod } from '../pod.ts'
import { storeKey } from '../store/watch-hub.ts'

/**
 * Pods that bear one of our names and are not ours: the watch is for our label alone and does not tell of them. They are asked for instead,
 * for as long as they are there and somebody wants to know.
 */
export type Strangers = {
  get(key: ResourceKey): SessionPod | undefined
  /** A name was taken although our pods do not have it. */
  meet(key: ResourceKey): Promise<void>
  stop(): void
}

const LOOK_AGAIN_MS = 10_000
/** The operator looks at each of its instances more often than this; whom it does not look for, it has no instance for any more. */
const UNWANTED_MS = 300_000

export function createStrangers(deps: {
  /** Whether the watch tells of it: then it was only a little late. */
  readonly watched: (pod: SessionPod) => boolean
  readonly look: (key: ResourceKey) => Promise<SessionPod>
  /** The name is free again, or ours. */
  readonly onGone: (key: ResourceKey) => void
  readonly clock: Clock
}): Strangers {
  const known = new Map<string, { readonly pod: SessionPod; wantedMs: number }>()
  let timer: Timer | undefined

  async function meet(key: ResourceKey): Promise<void> {
    try {
      const pod = await deps.look(key)
      if (!deps.watched(pod)) {
        const wantedMs = known.get(storeKey(key))?.wantedMs ?? deps.clock.monotonicMs()
        known.set(storeKey(key), { pod, wantedMs })
        return
      }
    } catch (error) {
      // Whatever else went wrong, it is still believed to be there.
      if (!isWarrenError(error, 'not_found')) return
    }
    if (known.delete(storeKey(key))) deps.onGone(key)
  }

  async function lookAgain(): Promise<void> {
    for (const [key, { pod, wantedMs }] of [...known])
      if (deps.clock.monotonicMs() - wantedMs > UNWANTED_MS) known.delete(key)
      else await meet(pod.metadata)
    timer?.stop()
    timer = known.size > 0 ? deps.clock.setTimer(LOOK_AGAIN_MS, () => void lookAgain()) : undefined
  }

  return {
    get(key) {
      const stranger = known.get(storeKey(key))
      if (stranger) stranger.wantedMs = deps.clock.monotonicMs()
      return stranger?.pod
    },
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

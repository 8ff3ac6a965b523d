import { RESTARTED_AT_ANNOTATION } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { SessionPod, SessionPodManifest } from '@warren/runtime/cluster'
import { TEMPLATE_HASH_ANNOTATION } from '../../pods/labels.ts'
import type { Obstacle } from '../../pods/verdicts.ts'

/** The second pod in a row that ended is replaced after so long, the next one after twice that, and so on. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000
/** A pod that lived so long ended for a reason of its own; as with the kubelet's pauses between restarts of a container. */
const LONG_LIFE_MS = 600_000

type End = {
  readonly count: number
  readonly untilMs: number
  readonly made: string
  readonly why: string
}

/**
 * Pods that end for good one after the other: a node that turns pods away (`OutOfpods`, pressure on its memory or disk) is chosen again by
 * the scheduler at once, and without pauses the two would go on like that as fast as the API server allows.
 */
export function createEnds(clock: Clock) {
  const ends = new Map<string, End>()

  return {
    /** A pod that had ended was removed. */
    ended(key: string, { metadata, status }: SessionPod): void {
      const lifeMs = clock.now().getTime() - Date.parse(metadata.creationTimestamp)
      const made = madeFrom(metadata)
      const before = ends.get(key)
      const count = lifeMs < LONG_LIFE_MS && before?.made === made ? before.count + 1 : 1
      const pauseMs = count === 1 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (count - 2), LONGEST_PAUSE_MS)
      const why = status.reason === undefined ? '' : ` (${status.reason})`
      ends.set(key, { count, untilMs: clock.monotonicMs() + pauseMs, made, why })
    },
    /** Milliseconds until the next pod may be made; 0 when it may now. One that is made from something else need not wait. */
    leftMs(key: string, { metadata }: SessionPodManifest): number {
      const end = ends.get(key)
      if (!end || end.made !== madeFrom(metadata)) return 0
      return Math.max(0, end.untilMs - clock.monotonicMs())
    },
    /** What the status says while the next pod has to wait. */
    obstacle(key: string): Obstacle | undefined {
      const end = ends.get(key)
      if (!end) return undefined
      const message = `${end.count} session pods in a row ended${end.why}; the next one follows after a pause, which grows.`
      return { reason: 'PodFailed', message }
    },
    forget: (key: string): void => void ends.delete(key),
  }
}

function madeFrom({ annotations = {} }: SessionPodManifest['metadata']): string {
  return `${annotations[TEMPLATE_HASH_ANNOTATION]} ${annotations[RESTARTED_AT_ANNOTATION]}`
}

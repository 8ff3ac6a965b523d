import type { Clock, Timer } from '@warren/runtime/clock'

/** Spreads starts over time, so that a thousand sessions do not connect in the same second. */
export type Pacer = {
  /**
   * Whether this key may start now. If not it is remembered, and told when its turn has come. A turn stays its key's own until it is spent
   * or given up.
   */
  ask(key: string, organization: string): boolean
  /** The key starts. */
  spend(key: string): void
  /** The key does not want to start any more; a turn that it had goes to the next one. */
  giveUp(key: string): void
  stop(): void
}

/**
 * A token bucket. Who waits is served organisation by organisation, so that one with a thousand sessions does not keep one with a single
 * session waiting; within an organisation in order of asking.
 * @param perSecond starts a second in the long run, above 0
 * @param burst starts that may come at once, 1 or more
 * @param onTurn called when the turn of a key has come that waited
 */
export function createPacer(options: {
  readonly clock: Clock
  readonly perSecond: number
  readonly burst: number
  readonly onTurn: (key: string) => void
}): Pacer {
  const { clock, burst } = options
  const everyMs = 1_000 / options.perSecond
  /** The organisations in the order of their next turn, each with its keys in theirs. */
  const waiting = new Map<string, Set<string>>()
  const organizationOf = new Map<string, string>()
  const turns = new Set<string>()
  let tokens = burst
  let countedMs = clock.monotonicMs()
  let timer: Timer | undefined

  function count(): void {
    const now = clock.monotonicMs()
    tokens = Math.min(burst, tokens + (now - countedMs) / everyMs)
    countedMs = now
  }

  /** The first key of the first organisation, which goes to the end of the row. */
  function next(): string | undefined {
    for (const [organization, keys] of waiting) {
      const [key] = keys
      if (key === undefined) continue
      forget(key)
      waiting.delete(organization)
      if (keys.size > 0) waiting.set(organization, keys)
      return key
    }
    return undefined
  }

  function forget(key: string): void {
    const organization = organizationOf.get(key)
    if (organization === undefined) return
    organizationOf.delete(key)
    const keys = waiting.get(organization)
    keys?.delete(key)
    if (keys?.size === 0) waiting.delete(organization)
  }

  function handOut(): void {
    timer?.stop()
    timer = undefined
    count()
    // A timer may fire a fraction of a millisecond early.
    while (tokens > 1 - 1e-3) {
      const key = next()
      if (key === undefined) return
      tokens -= 1
      turns.add(key)
      options.onTurn(key)
    }
    if (waiting.size > 0) timer = clock.setTimer(Math.max(1, Math.ceil((1 - tokens) * everyMs)), handOut)
  }

  return {
    ask(key, organization) {
      if (turns.has(key)) return true
      if (organizationOf.has(key)) return false
      count()
      if (waiting.size === 0 && tokens > 1 - 1e-3) {
        tokens -= 1
        turns.add(key)
        return true
      }
      organizationOf.set(key, organization)
      waiting.set(organization, (waiting.get(organization) ?? new Set()).add(key))
      if (!timer) handOut()
      return turns.has(key)
    },
    spend: (key) => void turns.delete(key),
    giveUp(key) {
      forget(key)
      if (!turns.delete(key)) return
      count()
      tokens = Math.min(burst, tokens + 1)
      handOut()
    },
    stop() {
      timer?.stop()
      timer = undefined
      waiting.clear()
      organizationOf.clear()
    },
  }
}

/**
 * Rows that are left in the queue for now. What protection holds back for hours must not fill the memory and keep out what may go: of one
 * chat only so many rows are taken, and of chats that WhatsApp does not let begin only so many in all. A chat of which a row was left is
 * taken from again only in a pass from the front, which meets its rows in their order.
 */
export type WhyLeft = { readonly held: boolean; readonly stuck: boolean; readonly bounded: boolean }

export type LeftRows = {
  /**
   * Whether to leave a row.
   * @param names its lane, and after it every other that the chat may have had
   * @param why `held`: its chat may not begin at present; `stuck`: what is before it does not get through; `bounded`: of a chat only so
   * many rows are taken
   */
  leaves(id: string, names: readonly [string, ...(string | undefined)[]], why: WhyLeft): boolean
  took(id: string, lane: string, held: boolean): void
  /** It goes back from memory to the queue. */
  putBack(id: string, lane: string): void
  /** It is out of memory; true when rows of its chat were left and there is room for them. */
  gone(id: string, lane: string): boolean
  any(): boolean
  /** A pass from the front begins; the result ends it and says whether it came to the end. */
  pass(): (complete: boolean) => void
}

/** Rows of one chat in memory. */
const OF_A_LANE = 50
/** Below this there is room again. */
const ROOM_BELOW = 10
/** Rows of chats that may not begin, in memory. */
const HELD = 100

export function createLeftRows(): LeftRows {
  const counts = new Map<string, number>()
  const held = new Set<string>()
  let left = new Set<string>()

  /** How many of its chat remain. */
  function forget(id: string, lane: string): number {
    held.delete(id)
    const count = (counts.get(lane) ?? 1) - 1
    if (count > 0) counts.set(lane, count)
    else counts.delete(lane)
    return count
  }

  return {
    leaves(id, names, { held: isHeld, stuck, bounded }) {
      const [lane] = names
      const full =
        stuck ||
        (bounded && (counts.get(lane) ?? 0) >= OF_A_LANE) ||
        (isHeld && !held.has(id) && held.size >= HELD)
      if (!full && !names.some((name) => name !== undefined && left.has(name))) return false
      left.add(lane)
      return true
    },
    took(id, lane, isHeld) {
      counts.set(lane, (counts.get(lane) ?? 0) + 1)
      if (isHeld) held.add(id)
    },
    putBack(id, lane) {
      forget(id, lane)
      left.add(lane)
    },
    gone: (id, lane) => forget(id, lane) === ROOM_BELOW - 1 && left.has(lane),
    any: () => left.size > 0,
    pass() {
      const before = left
      left = new Set()
      return (complete) => {
        if (!complete) left = left.union(before)
      }
    },
  }
}

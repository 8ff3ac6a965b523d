/** Numbers that look random and come again with the same seed. */
export type Random = {
  /** 0 to 1, without 1. */
  next(): number
  /** A whole number between both ends. */
  int(min: number, max: number): number
  pick<T>(list: readonly T[]): T
  chance(probability: number): boolean
  shuffled<T>(list: readonly T[]): T[]
}

/** The generator is mulberry32: 32 bits of state, good enough to choose faults by. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))

  return {
    next,
    int,
    pick(list) {
      const [first] = list
      if (first === undefined) throw new RangeError('there is nothing to pick from')
      return list[int(0, list.length - 1)] ?? first
    },
    chance: (probability) => next() < probability,
    shuffled(list) {
      const cards = [...list]
      for (let last = cards.length - 1; last > 0; last--) {
        const other = int(0, last)
        const [a, b] = [cards[last], cards[other]]
        if (a !== undefined && b !== undefined) [cards[last], cards[other]] = [b, a]
      }
      return cards
    },
  }
}

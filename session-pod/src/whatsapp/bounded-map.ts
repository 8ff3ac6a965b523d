/** A map that forgets its oldest entries: for hints that may be lost. */
export type BoundedMap<V> = {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

export function createBoundedMap<V>(limit: number): BoundedMap<V> {
  const map = new Map<string, V>()
  return {
    get: (key) => map.get(key),
    set(key, value) {
      map.delete(key)
      map.set(key, value)
      const oldest = map.keys().next()
      if (map.size > limit && !oldest.done) map.delete(oldest.value)
    },
  }
}

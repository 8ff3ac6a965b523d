/**
 * Writes that come while one is under way go together in the next. At rest nothing waits; under load a round trip is paid once for many.
 */
export type GroupWriter<T, R = void> = {
  /** Resolves to the item's result when its group was written. @throws what the write of its group threw */
  add(item: T): Promise<R>
  /** Whether nothing is under way. */
  idle(): boolean
}

/**
 * @param write resolves to one result for each item, in their order
 * @param maxItems how many go together at most
 */
export function createGroupWriter<T, R = void>(
  write: (items: readonly T[]) => Promise<readonly R[]>,
  maxItems = 200,
): GroupWriter<T, R> {
  type Waiting = { item: T; resolve: (result: R) => void; reject: (error: unknown) => void }
  let waiting: Waiting[] = []
  let writing = false

  async function run(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const group = waiting.slice(0, maxItems)
      waiting = waiting.slice(maxItems)
      try {
        const results = await write(group.map(({ item }) => item))
        group.forEach(({ resolve }, index) => {
          resolve(results[index] as R)
        })
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    writing = false
  }

  return {
    idle: () => !writing,
    add(item) {
      const { promise, resolve, reject } = Promise.withResolvers<R>()
      waiting.push({ item, resolve, reject })
      if (!writing) void run()
      return promise
    },
  }
}

/**
 * Writes that come while one is under way go together in the next. At rest nothing waits; under load a round trip is paid once for many.
 */
export type GroupWriter<T> = {
  /** Resolves when the item was written. @throws what the write of its group threw */
  add(item: T): Promise<void>
}

/** @param maxItems how many go together at most */
export function createGroupWriter<T>(
  write: (items: readonly T[]) => Promise<void>,
  maxItems = 200,
): GroupWriter<T> {
  type Waiting = { item: T; resolve: () => void; reject: (error: unknown) => void }
  let waiting: Waiting[] = []
  let writing = false

  async function run(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const group = waiting.slice(0, maxItems)
      waiting = waiting.slice(maxItems)
      try {
        await write(group.map(({ item }) => item))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    writing = false
  }

  return {
    add(item) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ item, resolve, reject })
      if (!writing) void run()
      return promise
    },
  }
}

/** Runs tasks of one key one after the other; tasks of different keys do not wait for each other. */
export function createKeyedMutex() {
  const tails = new Map<string, Promise<unknown>>()

  return function exclusive<T>(key: string, task: () => Promise<T>): Promise<T> {
    const run = (tails.get(key) ?? Promise.resolve()).then(task, task)
    const tail = run
      .catch(() => undefined)
      .then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
    tails.set(key, tail)
    return run
  }
}

/** What has to end when the run does, however it does. */
export type Stops = {
  /** The stop of something that runs now; called at once when all have been. The returned function takes it off again, without calling it. */
  add(stop: () => unknown): () => void
  /** Calls all stops, the last added first; one that fails does not keep the others from running. Resolves when all are through. */
  run(): Promise<void>
}

/** @param onError told of a stop that failed */
export function createStops(onError: (error: unknown) => void): Stops {
  const stops = new Set<() => unknown>()
  let running: Promise<void> | undefined

  async function runAll(): Promise<void> {
    for (const stop of [...stops].reverse()) {
      try {
        await stop()
      } catch (error) {
        onError(error)
      }
    }
    stops.clear()
  }

  return {
    add(stop) {
      // What began while everything ended.
      if (running) void Promise.resolve(stop()).catch(onError)
      const entry = () => stop()
      stops.add(entry)
      return () => void stops.delete(entry)
    },
    run: () => {
      running ??= runAll()
      return running
    },
  }
}

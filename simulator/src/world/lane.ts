/** Runs jobs one after the other, letting the event loop breathe between them. */
export interface Lane {
  /** Resolves with the job's result once it and everything before it ran. */
  run<T>(job: () => Promise<T> | T): Promise<T>
  size(): number
}

/**
 * Signal encryption is CPU work of a fraction of a millisecond. Doing it one job per turn of the event loop keeps
 * frames and acks flowing in between, and one lane keeps every ratchet in the order of arrival.
 */
export const createLane = (): Lane => {
  const jobs: (() => Promise<void>)[] = []
  let head = 0
  let busy = false

  const next = async () => {
    const job = jobs[head++]
    if (!job) {
      jobs.length = 0
      head = 0
      busy = false
      return
    }
    await job()
    setImmediate(next)
  }

  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        jobs.push(async () => {
          try {
            resolve(await job())
          } catch (error) {
            reject(error)
          }
        })
        if (busy) return
        busy = true
        setImmediate(next)
      }),
    size: () => jobs.length - head + (busy ? 1 : 0),
  }
}

/** Passes jobs on in order, each at least the current delay later. */
export interface DelayLine {
  push(job: () => void): void
  stop(): void
}

export const createDelayLine = (delayMs: () => number): DelayLine => {
  let waiting: { at: number; job: () => void }[] = []
  let timer: NodeJS.Timeout | undefined

  const drain = () => {
    timer = undefined
    const now = Date.now()
    while (waiting[0] && waiting[0].at <= now) waiting.shift()?.job()
    if (waiting[0]) timer = setTimeout(drain, waiting[0].at - now)
  }

  return {
    push(job) {
      const delay = delayMs()
      const last = waiting.at(-1)
      if (delay <= 0 && !last) return job()
      waiting.push({ at: Math.max(Date.now() + delay, last?.at ?? 0), job })
      timer ??= setTimeout(drain, delay)
    },
    stop() {
      clearTimeout(timer)
      waiting = []
    },
  }
}

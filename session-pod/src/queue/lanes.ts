/** Work in lanes: one piece at a time within a lane, at most `width` lanes at a time. */
export type Lanes = {
  run(lane: string, work: () => Promise<void>): void
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>
}

export function createLanes(width: number): Lanes {
  const waiting = new Map<string, (() => Promise<void>)[]>()
  const ready: string[] = []
  const whenIdle: (() => void)[] = []
  let running = 0

  function advance(): void {
    while (running < width) {
      const lane = ready.shift()
      if (lane === undefined) break
      running += 1
      void serve(lane)
    }
    if (running === 0 && ready.length === 0) for (const resolve of whenIdle.splice(0)) resolve()
  }

  async function serve(lane: string): Promise<void> {
    const queue = waiting.get(lane) ?? []
    await queue[0]?.().catch(() => {})
    queue.shift()
    running -= 1
    // To the end of the line after each piece, so that a long lane does not starve the others.
    if (queue.length > 0) ready.push(lane)
    else waiting.delete(lane)
    advance()
  }

  return {
    run(lane, work) {
      const queue = waiting.get(lane)
      if (queue) {
        queue.push(work)
        return
      }
      waiting.set(lane, [work])
      ready.push(lane)
      advance()
    },
    idle: () =>
      new Promise((resolve) => {
        if (running === 0 && ready.length === 0) return resolve()
        whenIdle.push(resolve)
      }),
  }
}

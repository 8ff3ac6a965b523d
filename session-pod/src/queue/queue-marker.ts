import type { QueueState } from '@warren/contracts'

/** Tells the queue what became of its rows, in batches and behind the log: only what is durable there. */
export type QueueMarker = {
  taken(id: string): void
  done(id: string): void
  /** Call after each commit with the mark that is durable now: what was noted up to it may be told. */
  onDurable(durable: number): void
  /** Resolves when nothing is left to tell. */
  settled(): Promise<void>
}

export function createQueueMarker(options: {
  /** The count of changes of the session's state, which contain the cause of a note. */
  now: () => number
  tell: (ids: readonly string[], state: QueueState) => Promise<void>
  /** These rows are done for good. */
  onDone: (ids: readonly string[]) => void
  onError: (error: unknown) => void
}): QueueMarker {
  const { now, onDone, onError } = options
  /** The latest state of each row that is still to be told. */
  const noted = new Map<string, { to: QueueState; mark: number }>()
  const due = new Map<string, QueueState>()
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (due.size > 0) {
      const batch = [...due]
      due.clear()
      const of = (state: QueueState) => batch.filter(([, to]) => to === state).map(([id]) => id)
      const done = of('done')
      const taken = of('taken')
      try {
        if (done.length > 0) await options.tell(done, 'done')
        if (taken.length > 0) await options.tell(taken, 'taken')
        if (done.length > 0) onDone(done)
      } catch (error) {
        // Told again with the next commit; until then the state knows not to send them twice.
        for (const [id, to] of batch) if (!due.has(id) && !noted.has(id)) noted.set(id, { to, mark: 0 })
        onError(error)
        return
      }
    }
  }

  return {
    taken: (id) => void noted.set(id, { to: 'taken', mark: now() }),
    done: (id) => void noted.set(id, { to: 'done', mark: now() }),
    onDurable(durable) {
      for (const [id, { to, mark }] of noted) {
        if (mark > durable) continue
        due.set(id, to)
        noted.delete(id)
      }
      if (due.size === 0) return
      running ??= run().finally(() => {
        running = undefined
      })
    },
    settled: () => running ?? Promise.resolve(),
  }
}

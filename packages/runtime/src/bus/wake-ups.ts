import type { Logger } from '../logger/index.ts'
import type { Bus } from './bus.ts'
import type { Channels } from './channels.ts'

/** How many names are remembered while they cannot be sent; who was forgotten is found by the consumers' sweeps. */
const MAX_UNSENT = 10_000

/** "Something changed" under a name: may be doubled, is merged, and is not lost while both sides live. */
export function createWakeUps(
  channels: Channels,
  send: (channel: string, text: string) => Promise<number | undefined>,
  logger: Logger,
): Pick<Bus, 'wake' | 'onWake'> & { onUp(): void } {
  const unsent = new Set<string>()
  const runs = new Set<() => void>()

  function wake(name: string) {
    void send(`wake:${name}`, '').then((receivers) => {
      if (receivers !== undefined) sendUnsent()
      else if (unsent.size < MAX_UNSENT) unsent.add(name)
    })
  }

  function sendUnsent() {
    const names = [...unsent]
    unsent.clear()
    names.forEach(wake)
  }

  return {
    wake,
    onWake(name, listener) {
      const run = merged(listener, (error) => logger.error('wake-up failed', { name, error }))
      const subscription = channels.listen(`wake:${name}`, run)
      runs.add(run)
      void subscription.ready.then(() => {
        if (runs.has(run)) run()
      })
      return {
        ready: subscription.ready,
        stop() {
          runs.delete(run)
          subscription.stop()
        },
      }
    },
    onUp() {
      sendUnsent()
      for (const run of runs) run()
    },
  }
}

/** Runs `listener` once at a time; calls during a run become one more run. */
function merged(listener: () => unknown, onError: (error: unknown) => void): () => void {
  let running = false
  let again = false
  return async () => {
    again = true
    if (running) return
    running = true
    while (again) {
      again = false
      try {
        await listener()
      } catch (error) {
        onError(error)
      }
    }
    running = false
  }
}

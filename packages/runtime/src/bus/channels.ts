import type { Logger } from '../logger/index.ts'
import type { Subscription } from './bus.ts'
import type { Transport } from './transport.ts'

export type Channels = {
  listen(channel: string, listener: (text: string) => unknown): Subscription
  dispatch(channel: string, text: string): void
  stop(): void
}

type Listener = (text: string) => unknown

/** Several listeners share one subscription of the transport; what they throw does not reach the others. */
export function createChannels(transport: Transport, logger: Logger): Channels {
  const open = new Map<string, { listeners: Set<Listener>; ready: Promise<void> }>()

  function close(channel: string) {
    if (open.delete(channel)) transport.unsubscribe(channel)
  }

  return {
    listen(channel, listener) {
      let entry = open.get(channel)
      if (!entry) {
        entry = { listeners: new Set(), ready: transport.subscribe(channel) }
        open.set(channel, entry)
      }
      const { listeners, ready } = entry
      // An own function, so that the same listener may be given twice.
      const own: Listener = (text) => listener(text)
      listeners.add(own)
      return {
        ready,
        stop() {
          if (listeners.delete(own) && listeners.size === 0 && open.get(channel)?.listeners === listeners)
            close(channel)
        },
      }
    },
    dispatch(channel, text) {
      for (const listener of [...(open.get(channel)?.listeners ?? [])]) {
        const failed = (error: unknown) => logger.error('bus listener failed', { channel, error })
        try {
          const result = listener(text)
          if (result instanceof Promise) result.catch(failed)
        } catch (error) {
          failed(error)
        }
      }
    },
    stop() {
      for (const channel of [...open.keys()]) close(channel)
    },
  }
}

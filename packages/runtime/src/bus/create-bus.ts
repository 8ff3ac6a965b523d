import type { Clock } from '../clock/index.ts'
import type { Ids } from '../ids/index.ts'
import type { Logger } from '../logger/index.ts'
import type { Bus, BusStats } from './bus.ts'
import { createCalls } from './calls.ts'
import { createChannels } from './channels.ts'
import type { Transport } from './transport.ts'
import { createWakeUps } from './wake-ups.ts'

export type BusDeps = { clock: Clock; logger: Logger; ids: Ids }

/** How long a start waits for the first connection. */
const START_GRACE_MS = 2_000

/** The bus on any transport; all of its behaviour but the wire is here. */
export function createBus(transport: Transport, deps: BusDeps): Bus {
  const { clock, logger } = deps
  const stats: BusStats = { connected: false, published: 0, dropped: 0, received: 0, resyncs: 0 }
  const resyncListeners = new Set<() => void>()
  const firstUp = Promise.withResolvers<void>()
  let lost = false

  async function send(channel: string, text: string): Promise<number | undefined> {
    const receivers = await transport.publish(channel, text)
    if (receivers === undefined) stats.dropped++
    else stats.published++
    return receivers
  }

  const channels = createChannels(transport, logger)
  const calls = createCalls(channels, { send, connected: () => stats.connected }, deps)
  const wakeUps = createWakeUps(channels, send, logger)

  function onUp() {
    stats.connected = true
    firstUp.resolve()
    wakeUps.onUp()
    if (!lost) return
    lost = false
    stats.resyncs++
    for (const listener of [...resyncListeners]) listener()
  }

  return {
    async start() {
      const connecting = transport.start({
        message(channel, text) {
          stats.received++
          channels.dispatch(channel, text)
        },
        up: onUp,
        down() {
          stats.connected = false
          lost = true
        },
      })
      calls.start()
      await connecting
      const waiting = new AbortController()
      const grace = clock.sleep(START_GRACE_MS, waiting.signal).catch(() => {})
      await Promise.race([firstUp.promise, grace])
      waiting.abort()
    },
    async stop() {
      stats.connected = false
      calls.stop()
      channels.stop()
      await transport.stop()
    },
    connected: () => stats.connected,
    stats: () => ({ ...stats }),
    onResynced(listener) {
      resyncListeners.add(listener)
      return { stop: () => void resyncListeners.delete(listener) }
    },
    async publish(channel, message) {
      return (await send(`news:${channel}`, JSON.stringify(message ?? null))) !== undefined
    },
    subscribe: (channel, listener) =>
      channels.listen(`news:${channel}`, (text) => listener(JSON.parse(text))),
    call: calls.call,
    serve: calls.serve,
    wake: wakeUps.wake,
    onWake: wakeUps.onWake,
  }
}

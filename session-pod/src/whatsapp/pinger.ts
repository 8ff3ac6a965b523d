import type { Clock, Timer } from '@warren/runtime/clock'
import type { Socket } from './baileys.ts'

export type Pinger = {
  /** Pings from now on; once. */
  start(): void
  stop(): void
  /** Of the last ping that was answered, in milliseconds. */
  roundTripMs(): number | undefined
}

/** How often it is asked, and so how often something comes in at least. WhatsApp's own clients ask every 15 to 30 s. */
export const PING_MS = 15_000

/** Keeps the connection alive as Baileys would, and measures the way there and back. That no answer comes is the watchdog's concern. */
export function createPinger(socket: Pick<Socket, 'query'>, clock: Clock): Pinger {
  let timer: Timer | undefined
  let latestMs: number | undefined

  async function ping(): Promise<void> {
    const sentMs = clock.monotonicMs()
    const answer = await socket.query({
      tag: 'iq',
      attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' },
      content: [{ tag: 'ping', attrs: {} }],
    })
    // Baileys resolves with nothing after a timeout.
    if (answer) latestMs = clock.monotonicMs() - sentMs
  }

  return {
    start() {
      timer ??= clock.setInterval(PING_MS, () => void ping().catch(() => {}))
    },
    stop: () => timer?.stop(),
    roundTripMs: () => latestMs,
  }
}

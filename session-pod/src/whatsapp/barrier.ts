/**
 * The output barrier: no frame leaves before everything that happened until it was written is durable. So a ratchet that WhatsApp saw
 * advance, a receipt it got, a key it was given, is never forgotten by a crash.
 */
import type { Committer } from '../store/committer.ts'
import type { SessionState } from '../store/state.ts'

/** The `ws` socket inside Baileys' client. */
export type RawSocket = {
  send(data: unknown, callback?: (error?: Error) => void): void
  readonly readyState: number
  pause(): void
  resume(): void
  /** The TCP socket; `ws` has it, though not in its types. */
  readonly _socket?: { cork(): void; uncork(): void } | null
}

export type Barrier = {
  /** Takes over `send` of a new socket; frames that wait for an older one are dropped, their Noise counter is void. */
  attach(socket: RawSocket): void
  detach(): void
  /** Frames that wait. */
  waiting(): number
}

const OPEN = 1
/** Pending changes above which reading stops until the log has caught up, and below which it goes on. */
const PAUSE_ABOVE = 2_000
const RESUME_BELOW = 500
/** The same in bytes: a few large messages fill a commit as well as many small ones. */
const PAUSE_ABOVE_BYTES = 4_000_000
const RESUME_BELOW_BYTES = 1_000_000

export function createBarrier(
  state: Pick<SessionState, 'urgentMark' | 'pending' | 'pendingBytes'>,
  committer: Pick<Committer, 'durable' | 'onDurable'>,
): Barrier {
  let queue: { data: unknown; mark: number }[] = []
  let current: RawSocket | undefined
  let sendNow: RawSocket['send'] | undefined
  let paused = false

  committer.onDurable(() => {
    release()
    if (paused && state.pending() < RESUME_BELOW && state.pendingBytes() < RESUME_BELOW_BYTES) {
      paused = false
      current?.resume()
    }
  })

  function release(): void {
    const durable = committer.durable()
    if (queue.length === 0 || (queue[0]?.mark ?? 0) > durable || !current || !sendNow) return
    if (current.readyState !== OPEN) {
      queue = []
      return
    }
    const tcp = current._socket
    tcp?.cork()
    let count = 0
    for (const { data, mark } of queue) {
      if (mark > durable) break
      sendNow(data)
      count += 1
    }
    queue.splice(0, count)
    tcp?.uncork()
  }

  /** Baileys treats the callback as "written". It must not wait for durability, which would serialise the inbound path, nor be a microtask, which would starve the event loop. */
  function send(data: unknown, callback?: (error?: Error) => void): void {
    const mark = state.urgentMark()
    if (queue.length === 0 && mark <= committer.durable()) {
      sendNow?.(data, callback)
      return
    }
    queue.push({ data, mark })
    if (callback) setImmediate(callback)
    if (!paused && (state.pending() > PAUSE_ABOVE || state.pendingBytes() > PAUSE_ABOVE_BYTES)) {
      paused = true
      current?.pause()
    }
  }

  return {
    attach(socket) {
      queue = []
      paused = false
      current = socket
      sendNow = socket.send.bind(socket)
      socket.send = send
    },
    detach() {
      queue = []
      current = undefined
      sendNow = undefined
    },
    waiting: () => queue.length,
  }
}

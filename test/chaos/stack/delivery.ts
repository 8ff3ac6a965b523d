/** One direction of a proxied connection: bytes in order, each no sooner than the mode allows. */
import type { Socket } from 'node:net'
import type { Mode } from './proxy.ts'

export type Delivery = {
  write(bytes: Buffer): void
  /** Ends the stream behind what was written. */
  end(): void
  set(mode: Mode): void
  stop(): void
}

export function createDelivery(target: Socket, initial: Mode): Delivery {
  let mode = initial
  let ended = false
  let timer: NodeJS.Timeout | undefined
  const waiting: { readonly bytes: Buffer; readonly atMs: number }[] = []

  function flush(): void {
    timer = undefined
    if (mode.kind === 'hold') return
    for (let next = waiting[0]; next; next = waiting[0]) {
      const leftMs = mode.kind === 'slow' ? next.atMs + mode.ms - performance.now() : 0
      if (leftMs > 0) {
        timer = setTimeout(flush, leftMs)
        return
      }
      waiting.shift()
      target.write(next.bytes)
    }
    if (ended) target.end()
  }

  return {
    write(bytes) {
      if (mode.kind === 'pass' && waiting.length === 0) return void target.write(bytes)
      waiting.push({ bytes, atMs: performance.now() })
      if (!timer) flush()
    },
    end() {
      ended = true
      if (!timer) flush()
    },
    set(next) {
      mode = next
      clearTimeout(timer)
      flush()
    },
    stop() {
      clearTimeout(timer)
      waiting.length = 0
    },
  }
}

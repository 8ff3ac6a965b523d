import type { Bus } from './bus.ts'
import { type BusDeps, createBus } from './create-bus.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** Stands for the Redis server: buses on the same hub reach each other, until it is cut. */
export type MemoryHub = {
  members: Map<TransportEvents, Set<string>>
  online: boolean
  /** What Redis does when it vanishes. */
  cut(): void
  restore(): void
}

export function createMemoryHub(): MemoryHub {
  const members: MemoryHub['members'] = new Map()
  return {
    members,
    online: true,
    cut() {
      this.online = false
      for (const member of members.keys()) member.down()
    },
    restore() {
      this.online = true
      for (const member of members.keys()) member.up()
    },
  }
}

/** A bus within one process, for tests and for compositions without Redis. */
export function createMemoryBus(deps: BusDeps & { hub?: MemoryHub }): Bus {
  return createBus(memoryTransport(deps.hub ?? createMemoryHub()), deps)
}

function memoryTransport(hub: MemoryHub): Transport {
  const subscribed = new Map<string, () => void>()
  let self: TransportEvents | undefined
  const channels = new Set<string>()

  return {
    async start(events) {
      self = {
        ...events,
        up() {
          for (const resolve of subscribed.values()) resolve()
          events.up()
        },
      }
      hub.members.set(self, channels)
      if (hub.online) self.up()
    },
    async stop() {
      if (self) hub.members.delete(self)
      self = undefined
    },
    async publish(channel, text) {
      if (!self || !hub.online) return undefined
      const receivers = [...hub.members].filter(([, open]) => open.has(channel))
      // Later, as over a wire: a publisher never runs its own listeners.
      queueMicrotask(() => {
        for (const [member, open] of receivers) if (open.has(channel)) member.message(channel, text)
      })
      return receivers.length
    },
    subscribe(channel) {
      channels.add(channel)
      const { promise, resolve } = Promise.withResolvers<void>()
      subscribed.set(channel, resolve)
      if (self && hub.online) resolve()
      return promise
    },
    unsubscribe(channel) {
      channels.delete(channel)
      subscribed.get(channel)?.()
      subscribed.delete(channel)
    },
  }
}

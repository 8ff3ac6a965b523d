/**
 * Whom a message was encrypted for, to see whether WhatsApp knows of devices that were left out: its acknowledgement may carry a hash of
 * the devices that it knows, and Baileys, which remembers devices for five minutes, does not look at it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { generateParticipantHashV2 } from './baileys.ts'
import { createBoundedMap } from './bounded-map.ts'

export type FanOut = {
  /** Runs the relay of a message: what is encrypted meanwhile is for it. */
  relaying<T>(id: string, work: () => Promise<T>): Promise<T>
  encrypted(jid: string): void
  /** Whether WhatsApp, by the hash in its acknowledgement, knows of other devices than the message went to. Told once for each message. */
  missed(id: string, hash: string): boolean
}

/** Messages that wait for their acknowledgement. */
const REMEMBERED = 1_000

export function createFanOut(): FanOut {
  const current = new AsyncLocalStorage<Set<string>>()
  const sent = createBoundedMap<Set<string>>(REMEMBERED)
  const told = createBoundedMap<true>(REMEMBERED)
  /** False once a message that went to all devices anew had another hash all the same: then the two are not made alike. */
  let comparable = true

  return {
    relaying(id, work) {
      const devices = new Set<string>()
      sent.set(id, devices)
      return current.run(devices, work)
    },
    encrypted: (jid) => void current.getStore()?.add(jid),
    missed(id, hash) {
      const devices = sent.get(id)
      if (!comparable || !devices || devices.size === 0) return false
      if (generateParticipantHashV2([...devices]) === hash) return false
      comparable = told.get(id) === undefined
      told.set(id, true)
      return comparable
    },
  }
}

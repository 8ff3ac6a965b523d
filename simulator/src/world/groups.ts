import { randomInt } from 'node:crypto'
import type { Addressing } from './address.ts'

/** A group: whoever is in it gets what its members write. */
export interface Group {
  jid: string
  subject: string
  /** Numbers; the first one made it. */
  members: string[]
  /** How the group names its members. */
  addressing: Addressing
  /** Milliseconds since 1970. */
  createdAt: number
  /** Devices that were sent the sender key of a phone: `number>device key`. */
  keyed: string[]
}

export interface Groups {
  create(input: { subject: string; members: string[]; addressing: Addressing }): Group
  find(jid: string | undefined): Group | undefined
  all(): Group[]
  restore(group: Group): void
  clear(): void
}

export const createGroups = (now: () => number = Date.now): Groups => {
  const byJid = new Map<string, Group>()
  return {
    create(input) {
      const jid = `120363${String(randomInt(10 ** 12)).padStart(12, '0')}@g.us`
      const group: Group = { jid, ...input, members: [...input.members], createdAt: now(), keyed: [] }
      byJid.set(jid, group)
      return group
    },
    find: (jid) => (jid === undefined ? undefined : byJid.get(jid)),
    all: () => [...byJid.values()],
    restore: (group) => void byJid.set(group.jid, group),
    clear: () => byJid.clear(),
  }
}

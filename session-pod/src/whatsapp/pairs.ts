/**
 * What follows in the session from a pair of addresses that becomes known. All of it happens in the group that stores the pair, so that
 * no message of the person is handled under the one address and its answer under the other.
 */
import { contactIdOf, type SessionKey } from '@warren/contracts'
import type { Groups } from '../store/groups.ts'
import { mergeSessions, type StoredRecord } from './merge-sessions.ts'

export type Pairs = {
  /** A pair of user parts that is about to be stored. One that is known already changes nothing. */
  learn(pnUser: string, lidUser: string): void
}

/** What is kept of a person beside Signal's sessions, by JID (see protection/acquaintances.ts). */
const OF_PEOPLE = ['acquaintance', 'optedOut'] as const
/** How many owners a number had before. */
const FORMER = 'former-owners'

export function createPairs(options: {
  groups: Groups
  /** Ids of all sessions, as `user[_domain].device`. */
  sessionIds: () => Iterable<string>
  session: SessionKey
  now: () => Date
}): Pairs {
  const { groups, sessionIds, session, now } = options
  const userOf = (id: string) => {
    const value = groups.get('lid-mapping', id)
    return typeof value === 'string' ? value : undefined
  }

  /** The person has another number, or the number another owner: the half that is not true any more must lead nobody astray. */
  function endFormer(pnUser: string, lidUser: string): boolean {
    const [formerPn, formerLid] = [userOf(`${lidUser}_reverse`), userOf(pnUser)]
    if (formerLid !== undefined) {
      if (userOf(`${formerLid}_reverse`) === pnUser)
        groups.put({ type: 'lid-mapping', id: `${formerLid}_reverse`, value: undefined })
      countFormer(pnUser)
    }
    const changed = formerPn !== undefined && formerPn !== pnUser && userOf(formerPn) === lidUser
    if (changed) {
      groups.put({ type: 'lid-mapping', id: formerPn, value: undefined })
      countFormer(formerPn)
    }
    return changed
  }

  const formerOwners = (pnUser: string) => Number(groups.get(FORMER, pnUser) ?? 0)
  const countFormer = (pnUser: string) =>
    groups.put({ type: FORMER, id: pnUser, value: formerOwners(pnUser) + 1 })

  /**
   * From now on the person's sessions are looked up under the hidden id. What was begun under the number moves there, or what the contact
   * writes on it could not be read.
   */
  function moveSessions(pnUser: string, lidUser: string): void {
    for (const id of [...sessionIds()]) {
      if (!id.startsWith(`${pnUser}.`)) continue
      const other = groups.get('session', id) as StoredRecord | undefined
      if (!other) continue
      const target = `${lidUser}_1${id.slice(pnUser.length)}`
      const kept = groups.get('session', target) as StoredRecord | undefined
      groups.put({ type: 'session', id: target, value: mergeSessions(kept, other, now().getTime()) })
      groups.put({ type: 'session', id, value: undefined })
    }
  }

  /** Under the number it would be the next owner's. Whether anything was there. */
  function movePerson(pn: string, lid: string): boolean {
    const moved = OF_PEOPLE.filter((type) => {
      const value = groups.get(type, pn)
      if (value === undefined) return false
      if (groups.get(type, lid) === undefined) groups.put({ type, id: lid, value })
      groups.put({ type, id: pn, value: undefined })
      return true
    })
    return moved.length > 0
  }

  return {
    learn(pnUser, lidUser) {
      if (userOf(pnUser) === lidUser && userOf(`${lidUser}_reverse`) === pnUser) return
      const [lid, pn] = [`${lidUser}@lid`, `${pnUser}@s.whatsapp.net`]
      const at = now()
      const former = formerOwners(pnUser)
      const newNumber = endFormer(pnUser, lidUser)
      groups.record({ type: 'identity.mapped', at, data: { lid, pn } })
      moveSessions(pnUser, lidUser)
      const address = { jid: lid, lid, pn }
      if (movePerson(pn, lid)) {
        const merged = { id: contactIdOf(session, pn, former), address: { jid: pn, pn } }
        groups.record({
          type: 'contact.merged',
          at,
          data: { id: contactIdOf(session, lid), address, merged },
        })
      }
      if (newNumber) groups.record({ type: 'contact.updated', at, data: { address } })
    },
  }
}

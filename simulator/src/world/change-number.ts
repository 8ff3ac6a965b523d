import { randomBytes } from 'node:crypto'
import { node, seconds } from '../protocol/node.ts'
import { pnJid } from './address.ts'
import { jidOf, type Subscriber } from './directory.ts'
import { deliver } from './outbox.ts'
import type { World } from './world.ts'

/** The person takes another number and keeps the LID; every linked device is told, as if the person were in its address book. */
export const changeNumber = (world: World, subscriber: Subscriber, to: string): Subscriber => {
  const before = pnJid(subscriber.number)
  const next = world.directory.changeNumber(subscriber, to)
  const lid = jidOf(next, 'lid')
  for (const account of world.directory.all()) {
    for (const companion of account.companions.values()) {
      const id = randomBytes(6).toString('hex')
      const attrs = { old: before, new: jidOf(next, 'pn'), old_lid: lid, new_lid: lid }
      const notice = node('notification', { id, from: before, type: 'contacts', t: seconds() }, [
        node('modify', attrs),
      ])
      deliver(world, account, companion, notice)
    }
  }
  return next
}

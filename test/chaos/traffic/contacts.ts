/** Contacts write exactly once, also when the answer of the simulator's control API is lost. */
import { randomBytes } from 'node:crypto'
import type { MessageInput, SimulatorOperations } from '@warren/simulator'
import { insisting } from '../stack/simulator.ts'

/** Resolves with the message's id when it is in the queue of the account's device. */
export async function writeAs(
  simulator: SimulatorOperations,
  contact: string,
  message: Omit<MessageInput, 'id'>,
): Promise<string> {
  const id = `3A${randomBytes(9).toString('hex').toUpperCase()}`
  const write = insisting(async () => {
    const { entries } = await simulator.ledger.read({ id })
    if (entries.length === 0) await simulator.contacts.send(contact, { ...message, id })
  })
  await write()
  return id
}

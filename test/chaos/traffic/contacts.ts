/** Contacts write exactly once, also when the answer of the simulator's control API is lost. */
import { randomBytes } from 'node:crypto'
import type { SimulatorOperations } from '@warren/simulator'
import { insisting } from '../stack/simulator.ts'

/**
 * Resolves with the message's id when it is in the queue of the account's device.
 * @param write has a contact write under this id
 */
export async function writeOnce(
  simulator: SimulatorOperations,
  write: (id: string) => Promise<unknown>,
): Promise<string> {
  const id = `3A${randomBytes(9).toString('hex').toUpperCase()}`
  const unlessWritten = insisting(async () => {
    const { entries } = await simulator.ledger.read({ id })
    if (entries.length === 0) await write(id)
  })
  await unlessWritten()
  return id
}

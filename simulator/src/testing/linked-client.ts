import type { UserFacingSocketConfig } from '@whiskeysockets/baileys'
import type { SimulatorOperations } from '../control/types.ts'
import { type BareClient, connectBare } from './bare-client.ts'
import { waitFor } from './wait-for.ts'

/** Links a new Baileys client to a phone by QR, follows the restart, and resolves once it is open. */
export const linkBare = async (
  simulator: SimulatorOperations,
  number: string,
  config: Partial<UserFacingSocketConfig> = {},
): Promise<BareClient> => {
  const { initialSync } = await simulator.phones.create({ number })
  const first = connectBare(undefined, config)
  await simulator.phones.scan(number, await first.qr())
  await first.closed()
  const client = connectBare(first.auth, config)
  await client.open()
  // Only after its first sync does Baileys stop holding back events for 20 s after each connect.
  if (initialSync) await waitFor('initial sync', () => client.auth.state.creds.accountSyncCounter > 0)
  return client
}

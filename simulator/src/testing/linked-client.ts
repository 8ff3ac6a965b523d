import type { UserFacingSocketConfig } from '@whiskeysockets/baileys'
import type { SimulatorOperations } from '../control/types.ts'
import { type BareClient, connectBare } from './bare-client.ts'

/** Links a new Baileys client to a phone by QR, follows the restart, and resolves once it is open. */
export const linkBare = async (
  simulator: SimulatorOperations,
  number: string,
  config: Partial<UserFacingSocketConfig> = {},
): Promise<BareClient> => {
  await simulator.phones.create({ number })
  const first = connectBare(undefined, config)
  await simulator.phones.scan(number, await first.qr())
  await first.closed()
  const client = connectBare(first.auth, config)
  await client.open()
  return client
}

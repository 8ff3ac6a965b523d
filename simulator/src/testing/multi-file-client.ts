import { useMultiFileAuthState } from '@whiskeysockets/baileys'
import type { SimulatorOperations } from '../control/types.ts'
import { type BareClient, connectBare } from './bare-client.ts'

/**
 * A program as many people run one: plain Baileys that keeps its state in a folder. Links a phone, opens, and stays until it is ended.
 * `redirect` must have been called before.
 */
export const linkMultiFile = async (
  simulator: SimulatorOperations,
  number: string,
  folder: string,
): Promise<BareClient> => {
  const { state, saveCreds } = await useMultiFileAuthState(folder)
  const auth = {
    state,
    snapshot(): never {
      throw new Error('the state is in files')
    },
  }
  const connect = () => {
    const client = connectBare(auth)
    client.sock.ev.on('creds.update', () => void saveCreds())
    return client
  }
  await simulator.phones.create({ number })
  const first = connect()
  await simulator.phones.scan(number, await first.qr())
  await first.closed()
  await saveCreds()
  const second = connect()
  await second.open()
  return second
}

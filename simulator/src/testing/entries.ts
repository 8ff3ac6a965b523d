import type { FromSession, SimulatorOperations, ToSession } from '../control/types.ts'
import { waitFor } from './wait-for.ts'

/** The one ledger entry of a message from a session, once there is one; throws when there are several. */
export const fromSession = async (simulator: SimulatorOperations, id: string): Promise<FromSession> => {
  const { entries } = await waitFor(`entry of ${id}`, async () => {
    const page = await simulator.ledger.read({ direction: 'fromSession', id })
    return page.entries.length > 0 && page
  })
  const [entry] = entries
  if (entries.length !== 1 || entry?.direction !== 'fromSession')
    throw new Error(`${entries.length} entries for ${id}`)
  return entry
}

/** The one ledger entry of a message to a session; throws when there is none or several. */
export const toSession = async (simulator: SimulatorOperations, id: string): Promise<ToSession> => {
  const { entries } = await simulator.ledger.read({ direction: 'toSession', id })
  const [entry] = entries
  if (entries.length !== 1 || entry?.direction !== 'toSession')
    throw new Error(`${entries.length} entries for ${id}`)
  return entry
}

/** The named fields of an object, for comparing a part of it. */
export const pick = <T extends object, K extends keyof T>(value: T, ...keys: K[]): Pick<T, K> =>
  Object.fromEntries(keys.map((key) => [key, value[key]])) as Pick<T, K>

/** The simulator's operations over HTTP, asked again when the answer is lost: this machine is busy breaking everything else. */
import { setTimeout as delay } from 'node:timers/promises'
import { createSimulatorClient, type SimulatorOperations } from '@warren/simulator'

const AGAIN_MS = 300

/** Everything that may be done twice. Writing a message and scanning a QR are as they were. */
export function connectSimulator(url: string): SimulatorOperations {
  const client = createSimulatorClient(url)
  const { contacts, faults, groups, ledger, phones, sessions } = client
  return {
    ...client,
    trust: insisting(client.trust),
    phones: { ...phones, create: insisting(phones.create) },
    contacts: { ...contacts, set: insisting(contacts.set) },
    groups: { ...groups, create: insisting(groups.create) },
    faults: { set: insisting(faults.set), get: insisting(faults.get), clear: insisting(faults.clear) },
    sessions: { list: insisting(sessions.list), end: insisting(sessions.end) },
    ledger: { ...ledger, read: insisting(ledger.read) },
  }
}

/** Without an answer fetch throws a TypeError; a refusal has an answer. */
export function insisting<A extends unknown[], T>(
  ask: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  return async (...args) => {
    for (;;) {
      try {
        return await ask(...args)
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
        await delay(AGAIN_MS)
      }
    }
  }
}

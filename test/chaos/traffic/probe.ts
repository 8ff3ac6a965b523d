/** Whether a session works: one message out through REST until WhatsApp has it, one in until a consumer of events has it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { SimulatorOperations } from '@warren/simulator'
import type { Session } from '../stack/session.ts'
import type { Consumer } from './consumer.ts'
import type { SentLog } from './record.ts'
import type { Rest } from './rest.ts'

export type Probe = (session: Session, deadlineMs: number) => Promise<Recovery>

/** When each direction worked, on the monotonic clock; undefined when it did not in time. */
export type Recovery = { readonly outMs?: number; readonly inMs?: number }

const POLL_MS = 40

export function createProbe(deps: {
  simulator: SimulatorOperations
  rest: Rest
  consumer: Consumer
  log: SentLog
}): Probe {
  const { simulator, rest, consumer, log } = deps
  let count = 0

  async function pollUntil(condition: () => Promise<boolean> | boolean, deadlineMs: number) {
    while (performance.now() < deadlineMs) {
      if (await condition()) return performance.now()
      await delay(POLL_MS)
    }
    return undefined
  }

  return async (session, deadlineMs) => {
    const { instance, prober: chat, number } = session
    count += 1
    const text = `probe out ${instance} ${count}`
    const outgoing = (async () => {
      const id = await rest.send(instance, text.replaceAll(' ', '-'), { to: chat, type: 'text', text })
      log.add({ direction: 'out', instance, chat, id, text })
      return pollUntil(async () => {
        const [entry] = (await simulator.ledger.read({ id })).entries
        return entry?.direction === 'fromSession' && entry.opened > 0
      }, deadlineMs)
    })()
    const incoming = (async () => {
      const body = `probe in ${instance} ${count}`
      const { id } = await simulator.contacts.send(chat, { to: number, text: body })
      log.add({ direction: 'in', instance, chat, id, text: body })
      await pollUntil(() => consumer.receivedAtMs(id) !== undefined, deadlineMs)
      return consumer.receivedAtMs(id)
    })()
    const [outMs, inMs] = await Promise.all([outgoing, incoming])
    return { ...(outMs === undefined ? {} : { outMs }), ...(inMs === undefined ? {} : { inMs }) }
  }
}

/** Whether a session works: one message out through REST until WhatsApp has it, one in until a consumer of events has it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { SimulatorOperations } from '@warren/simulator'
import type { Session } from '../stack/session.ts'
import type { Consumer } from './consumer.ts'
import { writeOnce } from './contacts.ts'
import type { SentLog } from './record.ts'
import type { Rest } from './rest.ts'

export type Probe = {
  /** Resolves when both directions work, or at the deadline on the monotonic clock. */
  ask(session: Session, deadlineMs: number): Promise<Recovery>
  /** Resolves when everything that was asked for was accepted, however late. */
  settled(): Promise<unknown>
}

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
  const asked: Promise<unknown>[] = []
  /** One after the other in each direction of a session: what is asked for side by side has no order. */
  const last = new Map<string, Promise<unknown>>()
  let count = 0

  /** When the condition was met, looked at until the deadline. */
  async function moment(condition: () => Promise<boolean> | boolean, deadlineMs: number) {
    while (performance.now() < deadlineMs) {
      if (await condition()) return performance.now()
      await delay(POLL_MS)
    }
    return undefined
  }

  /** The id of the message once it is accepted, to be looked at from time to time. */
  function begin(direction: 'out' | 'in', session: Session, text: string, send: () => Promise<string>) {
    const state: { id?: string } = {}
    const { instance, prober: chat } = session
    const lane = `${direction} ${instance}`
    const sent = (last.get(lane) ?? Promise.resolve()).then(send).then((id) => {
      log.add({ direction, instance, chat, id, text })
      state.id = id
    })
    last.set(lane, sent)
    asked.push(sent)
    return state
  }

  return {
    async ask(session, deadlineMs) {
      const { instance, prober: chat, number } = session
      count += 1
      const [textOut, textIn] = [`probe out ${instance} ${count}`, `probe in ${instance} ${count}`]
      const out = begin('out', session, textOut, () =>
        rest.send(instance, textOut.replaceAll(' ', '-'), { to: chat, type: 'text', text: textOut }),
      )
      const incoming = begin('in', session, textIn, () =>
        writeOnce(simulator, (id) => simulator.contacts.send(chat, { to: number, text: textIn, id })),
      )
      const [outMs, seenMs] = await Promise.all([
        moment(async () => {
          const { id } = out
          if (id === undefined) return false
          const { entries } = await simulator.ledger.read({ id })
          return entries.some((entry) => entry.direction === 'fromSession' && entry.opened > 0)
        }, deadlineMs),
        moment(
          () => incoming.id !== undefined && consumer.receivedAtMs(incoming.id) !== undefined,
          deadlineMs,
        ),
      ])
      const inMs = seenMs === undefined ? undefined : consumer.receivedAtMs(incoming.id ?? '')
      return { ...(outMs === undefined ? {} : { outMs }), ...(inMs === undefined ? {} : { inMs }) }
    },
    settled: () => Promise.all(asked),
  }
}

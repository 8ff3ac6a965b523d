/** What WhatsApp's servers do: every way to end a connection, and to refuse a login. */
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import type { Session } from '../stack/session.ts'
import type { Stack } from '../stack/stack.ts'
import { onAll, onSession, seconds } from './scenario.ts'

/** Codes of `stream:error`; 401 once is not believed. */
const STREAM_ERRORS = [400, 401, 402, 403, 405, 406, 409, 411, 412, 418, 440, 500, 501, 503, 515] as const
/** Reasons of `failure` at a login. */
const LOGIN_FAILURES = [400, 401, 402, 403, 404, 405, 406, 409, 411, 412, 413, 414, 415, 418, 500, 501, 503]
const ENDINGS = ['streamEnd', 'close', 'terminate', 'deviceRemoved', 'replaced', 'downgrade'] as const

const RESTS = ['parked', 'banned', 'loggedOut']
const ENDS_WITHIN_MS = 45_000
/** A session that waits longer than this does so because the table says that trying sooner helps nobody. */
const PATIENCE_MS = 30_000

/** Waits for what the session makes of it: it comes back by itself, or rests until a person asks, which is done here. */
async function outcome(stack: Stack, session: Session, since: Date): Promise<string> {
  const back = async () => {
    const status = (await session.doc())?.status
    if (!status) return undefined
    if (RESTS.includes(status.phase)) return status.reason ?? status.phase
    const next = status.retry?.nextAt
    if (next && next.getTime() - Date.now() > PATIENCE_MS) return status.reason ?? 'a long pause'
    return status.phase === 'connected' && (status.lastConnectedAt ?? since) > since ? 'connected' : undefined
  }
  const found = await until(back, { timeoutMs: ENDS_WITHIN_MS, everyMs: 50, describe: 'a reaction' })
  if (found === 'connected') return 'it came back'
  await stack.simulator.faults.clear(session.number)
  await until(() => session.restart().then(() => true), { timeoutMs: 20_000, everyMs: 500 })
  return `it rested (${found}) until a person asked`
}

export const WHATSAPP_SCENARIOS = [
  onSession('stream-error', async (stack, session, random) => {
    const code = random.pick(STREAM_ERRORS)
    const since = new Date()
    await stack.simulator.sessions.end({ event: 'streamError', code }, { number: session.number })
    return `${code}: ${await outcome(stack, session, since)}`
  }),

  onSession('login-refused', async (stack, session, random) => {
    const reason = random.pick(LOGIN_FAILURES)
    const since = new Date()
    const attrs = reason === 402 ? { attrs: { code: '101', expire: '3' } } : {}
    await stack.simulator.faults.set({ loginFailure: { reason, times: 1, ...attrs } }, session.number)
    await stack.simulator.sessions.end({ event: 'terminate' }, { number: session.number })
    const what = await outcome(stack, session, since)
    await stack.simulator.faults.clear(session.number)
    return `${reason}: ${what}`
  }),

  onSession('stream-ended', async (stack, session, random) => {
    const event = random.pick(ENDINGS)
    const since = new Date()
    await stack.simulator.sessions.end({ event }, { number: session.number })
    return `${event}: ${await outcome(stack, session, since)}`
  }),

  onSession('frame-garbled', async (stack, session) => {
    const since = new Date()
    await stack.simulator.sessions.end({ event: 'garbage' }, { number: session.number })
    return outcome(stack, session, since)
  }),

  onSession('acks-withheld', async (stack, session, random) => {
    const ms = random.int(500, Math.min(6_000, stack.longestOutageMs))
    await stack.simulator.faults.set({ withholdAcks: true }, session.number)
    await delay(ms)
    await stack.simulator.faults.clear(session.number)
    await stack.simulator.sessions.end({ event: 'terminate' }, { number: session.number })
    return `for ${seconds(ms)}, then the connection was cut`
  }),

  onSession('whatsapp-silent', async (stack, session, random) => {
    const ms = random.int(500, Math.min(10_000, stack.longestOutageMs))
    await stack.simulator.faults.set({ silence: true }, session.number)
    await delay(ms)
    await stack.simulator.sessions.end({ event: 'terminate' }, { number: session.number })
    await stack.simulator.faults.clear(session.number)
    return `frames vanished for ${seconds(ms)}, then the connection was cut`
  }),

  onAll('whatsapp-down', async (stack, random) => {
    const ms = random.int(500, stack.longestOutageMs)
    const fault = random.pick([{ refuseConnections: true }, { upgradeStatus: 503 }])
    await stack.simulator.faults.set(fault)
    await stack.simulator.sessions.end({ event: 'terminate' })
    await delay(ms)
    await stack.simulator.faults.clear()
    return `${Object.keys(fault).join()} for everybody for ${seconds(ms)}`
  }),
]

/**
 * Every way in which WhatsApp ends a connection or refuses a login, one by one: what the session does, when it tries again, what its
 * conditions say and what is journaled. The pairing outlives all of them but two.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SessionStatus } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import type { EndEvent } from '@warren/simulator'
import { statusOf } from '../../operator/src/controllers/session-status/status-of.ts'
import { INSTANCE, podOf, podsOf, sessionOf } from '../../operator/src/testing/objects.ts'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const account = rig.account()
const pod = await account.link()
const { simulator } = rig

type Range = readonly [leastMs: number, mostMs: number]
const LOST_LEASE = 75
const NOW: Range = [0, 1_000]
const BACK_OFF: Range = [800, 2_800]
const MINUTES: Range = [5 * 60_000, 15 * 60_000]
const CONFLICT: Range = [10_000, 20_000]

type Row = {
  readonly name: string
  readonly strike: () => Promise<unknown>
  readonly code: number
  /** Phase and reason that it leads to, and the reasons of Paired, Connected, Degraded. */
  readonly says: string
  readonly waits?: Range
  /** Whether it comes back by itself within seconds; else a restart on request brings it back. */
  readonly returns?: false
}

const stream = (event: EndEvent) => () => simulator.sessions.end(event, { number: account.phone })
/** A login that is refused once. */
const login =
  (reason: number, attrs: Record<string, string> = {}) =>
  async () => {
    await simulator.faults.set({ loginFailure: { reason, attrs, times: 1 } }, account.phone)
    await account.call('session.restart', {})
  }
/** A fault for everyone until the session has met it. */
const meets = (faults: Parameters<typeof simulator.faults.set>[0]) => async () => {
  await simulator.faults.set(faults)
  await account.call('session.restart', {})
  await until(() => account.status().then((status) => status?.retry))
  await simulator.faults.clear()
}

const RECONNECTING = 'reconnecting | Linked Reconnecting Healthy'
const REFUSED = 'reconnecting ClientRefused | Linked Reconnecting ClientRefused'
const rows: Row[] = [
  // The connection ends.
  { name: 'TCP reset', strike: stream({ event: 'terminate' }), code: 428, says: RECONNECTING, waits: NOW },
  { name: 'WebSocket closed', strike: stream({ event: 'close' }), code: 428, says: RECONNECTING, waits: NOW },
  {
    name: 'end of the stream',
    strike: stream({ event: 'streamEnd' }),
    code: 428,
    says: RECONNECTING,
    waits: NOW,
  },
  ...[503, 515].map((code) => ({
    name: `stream error ${code}`,
    strike: stream({ event: 'streamError', code }),
    code,
    says: RECONNECTING,
    waits: NOW,
  })),
  ...[500, 516, 599].map((code) => ({
    name: `stream error ${code}`,
    strike: stream({ event: 'streamError', code }),
    code,
    says: RECONNECTING,
    waits: BACK_OFF,
  })),
  {
    name: 'stream error for a stanza without acknowledgement',
    strike: stream({ event: 'streamError', child: 'ack', attrs: { id: '3A01', class: 'message' } }),
    code: 500,
    says: RECONNECTING,
    waits: BACK_OFF,
  },
  {
    name: 'stream error for malformed XML',
    strike: stream({ event: 'streamError', child: 'xml-not-well-formed' }),
    code: 500,
    says: RECONNECTING,
    waits: BACK_OFF,
  },
  {
    name: 'a frame that does not decrypt',
    strike: stream({ event: 'garbage' }),
    code: 0,
    says: RECONNECTING,
    waits: BACK_OFF,
  },
  {
    name: 'replaced by another connection',
    strike: stream({ event: 'replaced' }),
    code: 440,
    says: 'reconnecting ConnectionReplaced | Linked Reconnecting Conflict',
    waits: CONFLICT,
    returns: false,
  },
  {
    name: 'device removed, which the next login denies',
    strike: stream({ event: 'deviceRemoved' }),
    code: 401,
    says: RECONNECTING,
    waits: NOW,
  },
  {
    name: 'device removed, told as a conflict without a code',
    strike: stream({ event: 'streamError', child: 'conflict', attrs: { type: 'device_removed' } }),
    code: 440,
    says: RECONNECTING,
    waits: NOW,
  },
  {
    name: 'linked devices turned off',
    strike: stream({ event: 'downgrade' }),
    code: 411,
    says: 'parked MultiDeviceOff | Linked Parked Healthy',
    returns: false,
  },
  // The login is refused.
  { name: 'login failure 401, once', strike: login(401), code: 401, says: RECONNECTING, waits: NOW },
  {
    name: 'login failure 402, for two seconds',
    strike: login(402, { code: '101', expire: '2' }),
    code: 402,
    says: 'banned TemporaryBan | Linked Banned Healthy',
    waits: [2_000, 2_000],
  },
  {
    name: 'login failure 403',
    strike: login(403),
    code: 403,
    says: 'banned AccountLocked | Linked Banned Healthy',
    returns: false,
  },
  {
    name: 'login failure 406',
    strike: login(406),
    code: 406,
    says: 'banned AccountBanned | Linked Banned Healthy',
    returns: false,
  },
  ...[405, 409].map((reason) => ({
    name: `login failure ${reason}`,
    strike: login(reason),
    code: reason,
    says: REFUSED,
    waits: MINUTES,
    returns: false as const,
  })),
  ...[400, 408, 413, 414, 415, 418, 499, 500, 501].map((reason) => ({
    name: `login failure ${reason}`,
    strike: login(reason),
    code: reason,
    says: RECONNECTING,
    waits: BACK_OFF,
  })),
  { name: 'login failure 503', strike: login(503), code: 503, says: RECONNECTING, waits: NOW },
  // There is no connection.
  ...[403, 429, 503].map((upgradeStatus) => ({
    name: `HTTP ${upgradeStatus} instead of a WebSocket`,
    strike: meets({ upgradeStatus }),
    code: 0,
    says: RECONNECTING,
    waits: BACK_OFF,
  })),
  {
    name: 'connection refused',
    strike: meets({ refuseConnections: true }),
    code: 408,
    says: RECONNECTING,
    waits: BACK_OFF,
  },
]

type Line = { message: string; time: string } & Pick<SessionStatus, 'phase' | 'reason'> & {
    lastDisconnect?: { code: number; at: string }
    retry?: { nextAt: string }
  }

/** What the process logged of its session from a moment on. */
const said = (from: number): Line[] =>
  pod
    .output()
    .slice(from)
    .split('\n')
    .flatMap((text) => (text.includes('"session"') ? [JSON.parse(text) as Line] : []))
    .filter(({ message }) => message === 'session')

function conditionsOf(line: Line): string {
  const { phase, reason, lastDisconnect, retry } = line
  const now = new Date()
  const status = {
    phase,
    ...(reason ? { reason } : {}),
    account: { jid: `${account.phone}@s.whatsapp.net`, phone: account.phone },
    ...(lastDisconnect
      ? { lastDisconnect: { reason: '', ...lastDisconnect, at: new Date(lastDisconnect.at) } }
      : {}),
    ...(retry ? { retry: { attempt: 1, nextAt: new Date(retry.nextAt) } } : {}),
  }
  const session = { ...sessionOf(status), expiresAt: new Date(now.getTime() + 60_000) }
  const view = { instance: INSTANCE, pods: podsOf(INSTANCE, podOf(INSTANCE)), session, now }
  const { conditions } = statusOf({ ...view, obstacle: null, rollFailed: false })
  return ['Paired', 'Connected', 'Degraded']
    .map((type) => conditions?.find((one) => one.type === type)?.reason)
    .join(' ')
}

async function connectedSince(before: number): Promise<void> {
  await until(
    async () => {
      const status = await account.status()
      return status?.phase === 'connected' && (status.lastConnectedAt?.getTime() ?? 0) > before
    },
    { timeoutMs: 30_000, describe: 'the connection after it' },
  )
}

async function journaledSince(seq: number) {
  const entries = (await account.journal()).filter((entry) => entry.seq > seq)
  const phases = entries.flatMap((entry) =>
    entry.type === 'session.status' ? [[entry.data.phase, entry.data.reason].filter(Boolean).join(' ')] : [],
  )
  return { entries, phases }
}

for (const row of rows) {
  test(`${row.name} -> ${row.says}`, { timeout: 120_000 }, async () => {
    // Each begins with a connection that is the first after no failures.
    let before = (await account.status())?.lastConnectedAt?.getTime() ?? 0
    await account.call('session.restart', {})
    await connectedSince(before)
    before = (await account.status())?.lastConnectedAt?.getTime() ?? 0
    const seq = (await account.journal()).at(-1)?.seq ?? 0
    const from = pod.output().length
    await row.strike()
    const line = await until(() => said(from).find((one) => one.retry || one.phase !== 'reconnecting'), {
      describe: 'a reaction',
    })
    assert.equal(line.lastDisconnect?.code, row.code)
    const reaction = [line.phase, line.reason].filter(Boolean).join(' ')
    assert.equal(`${reaction} | ${conditionsOf(line)}`, row.says)
    if (row.waits) {
      const waitMs = Date.parse(line.retry?.nextAt ?? '') - Date.parse(line.lastDisconnect?.at ?? '')
      assert.ok(waitMs >= row.waits[0] && waitMs <= row.waits[1], `it waits ${waitMs} ms`)
    } else assert.equal(line.retry, undefined)
    await simulator.faults.clear(account.phone)
    if (row.returns === false) await account.call('session.restart', {})
    await connectedSince(before)
    // The status may be stored a moment before the journal.
    const { entries, phases } = await until(async () => {
      const found = await journaledSince(seq)
      return found.phases.at(-1) === 'connected' ? found : undefined
    })
    assert.ok(phases.includes(reaction), `${phases}`)
    const risks = entries.flatMap((entry) => (entry.type === 'account.risk' ? [entry.data.cause] : []))
    assert.deepEqual(risks, line.phase === 'banned' ? ['banned'] : [])
  })
}

test('through all of that it was never paired anew', async () => {
  assert.equal((await account.entries('session.paired')).length, 1)
  assert.deepEqual(await account.entries('session.loggedOut'), [])
})

test('two refused logins of an unlinked device -> loggedOut | LoggedOut NotPaired', async () => {
  const before = (await account.status())?.lastConnectedAt?.getTime() ?? 0
  await account.call('session.restart', {})
  await connectedSince(before)
  await simulator.faults.set({ loginFailure: { reason: 401, times: 2 } }, account.phone)
  await stream({ event: 'terminate' })()
  await account.until('loggedOut')
  const [loggedOut] = await account.entries('session.loggedOut')
  assert.equal(loggedOut?.data.reason, 'device_removed')
  assert.equal((await account.entries('account.risk')).at(-1)?.data.cause, 'loggedOut')
})

test('replaced while another process holds the lease -> this one ends itself and does not fight', async () => {
  const other = rig.account()
  // A renewal that would notice it by itself comes only after 20 s.
  const holder = await other.link({ WARREN_LEASE_SECONDS: '60' })
  await rig.db
    .collection<{ _id: string }>('sessions')
    .updateOne({ _id: other.session }, { $inc: { epoch: 1 }, $set: { holder: 'rival' } })
  const struckMs = Date.now()
  await simulator.sessions.end({ event: 'replaced' }, { number: other.phone })
  assert.equal(await holder.exited, LOST_LEASE)
  assert.ok(Date.now() - struckMs < 10_000)
  const sessions = await simulator.sessions.list()
  assert.ok(sessions.every(({ number }) => number !== other.phone))
})

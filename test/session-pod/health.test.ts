/** Connections that count as open and are not well: half-open, mute and deaf. None needs a QR to be well again. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SessionStatus } from '@warren/contracts'
import { freePort, until } from '@warren/runtime/testing'
import { type Account, createRig } from './rig.ts'

const rig = await createRig({ after })
const { simulator } = rig

const statusWith = <T>(
  account: Account,
  find: (status: SessionStatus) => T | undefined,
  describe: string,
  timeoutMs = 60_000,
) =>
  until(
    async () => {
      const status = await account.status()
      return status ? find(status) : undefined
    },
    { timeoutMs, describe },
  )

/** Links an account; `metric` reads a number of its process. */
async function linkMeasured(env: Record<string, string> = {}) {
  const account = rig.account()
  const port = await freePort()
  await account.link({ ...env, HEALTH_PORT: String(port) })
  return {
    account,
    async metric(name: string): Promise<number> {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
    },
  }
}

/** The one rule for all of them. */
async function neverPairedAnew(account: Account): Promise<void> {
  assert.equal((await account.entries('session.paired')).length, 1)
}

test('half open: nothing comes in any more, not even answers to pings -> renewed within 30 s', async () => {
  const account = rig.account()
  await account.link()
  const before = (await account.status())?.lastConnectedAt?.getTime() ?? 0
  const struckMs = Date.now()
  await simulator.faults.set({ silence: true }, account.phone)
  await statusWith(account, ({ phase }) => phase === 'reconnecting' || undefined, 'the end of the connection')
  const noticedMs = Date.now() - struckMs
  await simulator.faults.clear(account.phone)
  const { lastDisconnect } = await statusWith(
    account,
    (status) =>
      status.phase === 'connected' && (status.lastConnectedAt?.getTime() ?? 0) > before ? status : undefined,
    'the next connection',
  )
  assert.match(lastDisconnect?.reason ?? '', /fallen silent/)
  assert.ok(noticedMs >= 15_000, `noticed after ${noticedMs} ms`)
  await neverPairedAnew(account)
})

test('a login whose first questions stay unanswered is alive, since pings are answered', async () => {
  const account = rig.account()
  await account.link()
  const { lastConnectedAt, lastDisconnect } = (await account.status()) ?? {}
  await simulator.faults.set({ ignoreIqs: ['encrypt'] }, account.phone)
  await account.call('session.restart', {})
  const status = await statusWith(
    account,
    (found) =>
      found.phase === 'connected' && found.lastConnectedAt?.getTime() !== lastConnectedAt?.getTime()
        ? found
        : undefined,
    'the login',
    100_000,
  )
  // Baileys gives up each of two questions after half a minute.
  assert.deepEqual(status.lastDisconnect, lastDisconnect)
  await simulator.faults.clear(account.phone)
})

test('mute: WhatsApp acknowledges nothing -> told, renewed, and sent again under the same id', async () => {
  const { account, metric } = await linkMeasured()
  const number = '491560000001'
  await simulator.contacts.set({ number, deliverAfterMs: null })
  await simulator.faults.set({ withholdAcks: true }, account.phone)
  const id = await account.send(number, 'did it arrive?')
  const trouble = await statusWith(account, (status) => status.trouble, 'the trouble')
  assert.equal(trouble.kind, 'mute')
  assert.match(trouble.message, /does not acknowledge/)
  const entry = () => simulator.ledger.read({ id }).then(({ entries: [first] }) => first)
  await until(
    async () => {
      const found = await entry()
      return found?.direction === 'fromSession' && found.attempts === 2
    },
    { timeoutMs: 30_000, describe: 'the message on the next connection' },
  )
  assert.ok((await metric('warren_session_renewals_total')) >= 1)
  const waiting = await account.entries('message.waiting')
  assert.deepEqual(
    waiting.map(({ data }) => [data.id, data.reason]),
    [[id, 'unanswered']],
  )
  await simulator.faults.clear(account.phone)
  await simulator.sessions.end({ event: 'terminate' }, { number: account.phone })
  await statusWith(
    account,
    ({ phase, trouble: is }) => (phase === 'connected' && !is) || undefined,
    'the cure',
  )
  const statuses = async () =>
    (await account.entries('message.status')).flatMap(({ data }) => (data.id === id ? [data.status] : []))
  await until(async () => (await statuses()).length > 1)
  assert.deepEqual(await statuses(), ['pending', 'sent'])
  const found = await entry()
  assert.ok(found?.direction === 'fromSession' && !found.conflicting)
  await neverPairedAnew(account)
})

test('deaf: pings are answered, messages kept back -> a renewal brings them, in their order, and it is told until it is over', async () => {
  const { account, metric } = await linkMeasured({ WARREN_QUIET_RENEWAL_SECONDS: '40' })
  const connected = (await account.status())?.lastConnectedAt?.getTime() ?? 0
  // Later pings will prove that the connection was alive after what is sent now.
  await statusWith(account, ({ vitals }) => vitals?.pingMs, 'a ping')
  await simulator.faults.set({ deaf: true }, account.phone)
  const sent: string[] = []
  for (const text of ['one', 'two', 'three'])
    sent.push((await simulator.contacts.send('491560000002', { to: account.phone, text })).id)
  const received = async () => (await account.entries('message.received')).map(({ data }) => data.message.id)
  await until(async () => (await received()).length === 3, {
    timeoutMs: 90_000,
    describe: 'what was kept back',
  })
  assert.deepEqual(await received(), sent)
  const { trouble, phase } = await statusWith(
    account,
    (status) => (status.trouble ? status : undefined),
    'the trouble',
  )
  assert.deepEqual([trouble?.kind, phase], ['deaf', 'connected'])
  assert.equal(await metric('warren_session_kept_back_total'), 3)
  // It never counted as disconnected: that it was renewed is no news.
  const phases = (await account.entries('session.status')).map(({ data }) => data.phase)
  assert.equal(phases.filter((one) => one === 'connected').length, 1)
  assert.ok(((await account.status())?.lastConnectedAt?.getTime() ?? 0) > connected)
  await simulator.faults.clear(account.phone)
  await simulator.contacts.send('491560000002', { to: account.phone, text: 'four' })
  await statusWith(account, (status) => (status.trouble ? undefined : true), 'the cure')
  assert.equal((await received()).length, 4)
  await neverPairedAnew(account)
})

test('the pulse of an open connection is in its status and its metrics', async () => {
  const { account, metric } = await linkMeasured()
  const partner = rig.account()
  await simulator.phones.create({ number: partner.phone })
  const linkedAt = await statusWith(account, ({ vitals }) => vitals?.phoneSeenAt, 'the phone')
  await simulator.contacts.send(account.phone, { to: partner.phone, text: 'from the phone itself' })
  await statusWith(
    account,
    ({ vitals }) =>
      (vitals?.phoneSeenAt && vitals.phoneSeenAt >= linkedAt && vitals.lastInboundAt) || undefined,
    'a sign of life of the phone',
  )
  const { status } = await account.call('session.status', {})
  assert.ok(status.vitals)
  assert.equal(status.phoneAway, undefined)
  await until(async () => (await metric('warren_session_ping_seconds')) > 0, {
    timeoutMs: 40_000,
    describe: 'a ping',
  })
  assert.ok((await metric('warren_session_phone_last_seen_age_seconds')) < 120)
  assert.equal(await metric('warren_session_oldest_unanswered_seconds'), 0)
})

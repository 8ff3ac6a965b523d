import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })

test('links by code', async () => {
  const account = rig.account()
  await rig.simulator.phones.create({ number: account.phone })
  account.start({ WARREN_PAIRING_METHOD: 'code', WARREN_PAIRING_PHONE_NUMBER: account.phone })
  const { code } = await until(async () => (await account.status())?.pairing, { timeoutMs: 20_000 })
  await rig.simulator.phones.enterCode(account.phone, code ?? '')
  const { account: linked } = await account.until('connected')
  assert.equal(linked?.phone, account.phone)
})

test('a code that was asked for another number is not given', async () => {
  const [account, other] = [rig.account(), rig.account()]
  await rig.simulator.phones.create({ number: other.phone })
  account.start()
  await until(() => account.call('session.status', {}), { timeoutMs: 20_000 })
  const ask = (phoneNumber: string) => account.call('session.pair', { method: 'code', phoneNumber })
  const first = await ask(account.phone)
  const second = await ask(other.phone)
  assert.notEqual(second.pairing.code, first.pairing.code)
  await rig.simulator.phones.enterCode(other.phone, second.pairing.code ?? '')
  assert.equal((await account.until('connected')).account?.phone, other.phone)
})

test('refuses a phone that is not the one it is for, before the link is made', async () => {
  const account = rig.account()
  const wanted = '491539999999'
  await rig.simulator.phones.create({ number: account.phone })
  account.start({ WARREN_PAIRING_PHONE_NUMBER: wanted })
  const { qr } = await until(async () => (await account.status())?.pairing, { timeoutMs: 20_000 })
  await rig.simulator.phones.scan(account.phone, qr ?? '').catch(() => {})
  const { reason, message } = await account.until('parked')
  assert.equal(reason, 'WrongPhoneNumber')
  assert.match(message ?? '', new RegExp(`${account.phone}.*${wanted}`))
  assert.deepEqual(await account.entries('session.paired'), [])
})

test('draws the QR anew when WhatsApp retires the linking secret', async () => {
  const account = rig.account()
  await rig.simulator.phones.create({ number: account.phone })
  await rig.simulator.faults.set({ companionRegRefresh: true }, account.phone)
  account.start()
  const first = await until(async () => (await account.status())?.pairing?.qr, { timeoutMs: 20_000 })
  // The phone is told to wait, WhatsApp asks for a new secret.
  await rig.simulator.phones.scan(account.phone, first).catch(() => {})
  const second = await until(async () => {
    const qr = (await account.status())?.pairing?.qr
    return qr === first ? undefined : qr
  })
  await rig.simulator.phones.scan(account.phone, second)
  await account.until('connected')
})

test('a person ends the link: the session rests, also after a restart, until it is paired again', async () => {
  const account = rig.account()
  const pod = await account.link()
  const { status } = await account.call('session.logout', {})
  assert.equal(status.phase, 'loggedOut')
  assert.deepEqual((await rig.simulator.phones.get(account.phone)).devices, [])
  await pod.kill('SIGKILL')
  account.start()
  await until(async () => ((await rig.store.session(account.session))?.epoch ?? 0) > 1, {
    timeoutMs: 20_000,
  })
  const { status: after } = await until(() => account.call('session.status', {}), { timeoutMs: 20_000 })
  assert.equal(after.phase, 'loggedOut')
  const { pairing } = await account.call('session.pair', { method: 'qr' })
  await rig.simulator.phones.scan(account.phone, pairing.qr ?? '')
  await account.until('connected')
  assert.equal((await account.entries('session.loggedOut')).length, 1)
  assert.equal((await account.entries('session.paired')).length, 2)
})

test('an ended link stays ended when the pairing after it is not finished before a restart', async () => {
  const account = rig.account()
  const pod = await account.link()
  await account.call('session.logout', {})
  await account.call('session.pair', { method: 'qr' })
  await pod.kill('SIGKILL')
  account.start()
  await until(async () => ((await rig.store.session(account.session))?.epoch ?? 0) > 1, {
    timeoutMs: 20_000,
  })
  const { pairing } = await until(() => account.call('session.pair', { method: 'qr' }), { timeoutMs: 20_000 })
  await rig.simulator.phones.scan(account.phone, pairing.qr ?? '')
  await account.until('connected')
  assert.equal((await account.entries('session.loggedOut')).length, 1)
  assert.equal((await account.entries('session.paired')).length, 2)
})

test('the phone removes the device: believed when a second login says so too', async () => {
  const account = rig.account()
  await account.link()
  const [device] = (await rig.simulator.phones.get(account.phone)).devices
  await rig.simulator.phones.unlink(account.phone, device?.device ?? 0)
  await account.until('loggedOut')
  const phases = (await account.entries('session.status')).map(({ data }) => data.phase)
  assert.deepEqual(phases.slice(-3), ['connected', 'reconnecting', 'loggedOut'])
})

test('parks when nobody scans, and pairs when asked again', async () => {
  const account = rig.account()
  await rig.simulator.phones.create({ number: account.phone })
  account.start()
  await until(async () => (await account.status())?.pairing, { timeoutMs: 20_000 })
  const { status } = await account.call('session.disconnect', {})
  assert.equal(status.phase, 'parked')
  const { pairing } = await account.call('session.pair', { method: 'qr' })
  await rig.simulator.phones.scan(account.phone, pairing.qr ?? '')
  await account.until('connected')
})

/** Drops in quick succession count as failed attempts: few for each account, so that the waits stay short. */
const DROPS = [
  [{ event: 'terminate' }, { event: 'close' }, { event: 'streamEnd' }],
  [
    { event: 'streamError', code: 503 },
    { event: 'streamError', code: 515 },
  ],
  [{ event: 'streamError', child: 'ack' }, { event: 'garbage' }],
] as const

for (const drops of DROPS) {
  const names = drops.map((drop) => JSON.stringify(drop)).join(', ')
  test(`reconnects with the same credentials after ${names}`, { timeout: 120_000 }, async () => {
    const account = rig.account()
    await account.link()
    for (const drop of drops) {
      const before = (await account.status())?.lastConnectedAt?.getTime() ?? 0
      assert.equal(await rig.simulator.sessions.end(drop, { number: account.phone }), 1, drop.event)
      await until(
        async () => {
          const status = await account.status()
          return status?.phase === 'connected' && (status.lastConnectedAt?.getTime() ?? 0) > before
        },
        { timeoutMs: 30_000, describe: `a connection after ${JSON.stringify(drop)}` },
      )
    }
    assert.equal((await account.entries('session.paired')).length, 1)
  })
}

test('an HTTP error on the upgrade, of which Baileys tells nothing, is a failed attempt like others', async () => {
  const account = rig.account()
  await account.link()
  await rig.simulator.faults.set({ upgradeStatus: 503 })
  await rig.simulator.sessions.end({ event: 'terminate' }, { number: account.phone })
  await until(async () => ((await account.status())?.retry?.attempt ?? 0) >= 2, { timeoutMs: 20_000 })
  await rig.simulator.faults.clear()
  await account.until('connected')
})

test('a banned account rests with its credentials', async () => {
  const account = rig.account()
  await account.link()
  await rig.simulator.faults.set({ loginFailure: { reason: 403, times: 1 } }, account.phone)
  await rig.simulator.sessions.end({ event: 'terminate' }, { number: account.phone })
  const { reason } = await account.until('banned')
  assert.equal(reason, 'AccountLocked')
  await account.call('session.restart', {})
  await account.until('connected')
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { PasskeyStep } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { createSoftAuthenticator } from '@warren/simulator/testing'
import { type Account, createRig } from './rig.ts'

const rig = await createRig({ after })
const phones = rig.simulator.phones

const passkeyOf = (account: Account, stage: PasskeyStep['stage']) =>
  until(
    async () => {
      const passkey = (await account.status())?.pairing?.passkey
      return passkey?.stage === stage ? passkey : undefined
    },
    { timeoutMs: 20_000, everyMs: 20, describe: `a passkey step ${stage}` },
  )

/** A phone whose number asks for a passkey, and a session whose QR it has scanned. */
async function scanned(env: Record<string, string> = {}) {
  const account = rig.account()
  const authenticator = createSoftAuthenticator()
  await phones.create({ number: account.phone, passkey: authenticator.passkey })
  account.start(env)
  const qr = await until(async () => (await account.status())?.pairing?.qr, { timeoutMs: 20_000 })
  const scan = phones.scan(account.phone, qr)
  scan.catch(() => {})
  const asked = await passkeyOf(account, 'assertion')
  return { account, authenticator, scan, asked, options: asked.options ?? {} }
}

test('says at once that WhatsApp asks for a passkey, and links with it', async () => {
  const { account, authenticator, scan, asked, options } = await scanned()
  const status = await account.status()
  assert.deepEqual([status?.phase, status?.reason], ['pairing', 'PasskeyRequired'])
  assert.equal(status?.pairing?.qr, undefined)
  assert.ok(asked.expiresAt.getTime() - Date.now() > 9 * 60_000)
  const assertion = authenticator.assert(options)
  const { passkey } = await account.call('pairing.passkey.assert', { id: asked.id, assertion })
  assert.notEqual(passkey.stage, 'assertion')
  assert.equal((await scan).number, account.phone)
  assert.equal((await account.until('connected')).account?.phone, account.phone)
  const reasons = (await account.entries('session.status')).map(({ data }) => data.reason)
  assert.ok(reasons.includes('PasskeyRequired'))
  await assert.rejects(account.call('pairing.passkey.assert', { id: asked.id, assertion }), {
    code: 'already_paired',
  })
})

test('links by code with a passkey, whose challenge WhatsApp gives only when asked', async () => {
  const account = rig.account()
  const authenticator = createSoftAuthenticator()
  await phones.create({ number: account.phone, passkey: authenticator.passkey })
  await rig.simulator.faults.set({ passkey: 'noOptions' }, account.phone)
  account.start({ WARREN_PAIRING_METHOD: 'code', WARREN_PAIRING_PHONE_NUMBER: account.phone })
  const code = await until(async () => (await account.status())?.pairing?.code, { timeoutMs: 20_000 })
  phones.enterCode(account.phone, code).catch(() => {})
  const { id, options = {} } = await passkeyOf(account, 'assertion')
  await account.call('pairing.passkey.assert', { id, assertion: authenticator.assert(options) })
  await account.until('connected')
})

test('a person compares the code of the phone, and confirms it', async () => {
  const { account, authenticator, scan, asked, options } = await scanned({ WARREN_PASSKEY_CONFIRM: 'always' })
  await account.call('pairing.passkey.assert', { id: asked.id, assertion: authenticator.assert(options) })
  const { confirmationCode } = await passkeyOf(account, 'confirmation')
  const { passkeyCode } = await phones.get(account.phone)
  assert.ok(confirmationCode)
  assert.equal(confirmationCode, passkeyCode)
  await account.call('pairing.passkey.confirm', { id: asked.id })
  await scan
  await account.until('connected')
  assert.equal((await phones.get(account.phone)).passkeyCode, undefined)
})

test('an assertion that answers nothing costs no attempt', async () => {
  const { account, authenticator, asked, options } = await scanned()
  const elsewhere = authenticator.assert(options, { origin: 'https://evil.example' })
  await assert.rejects(account.call('pairing.passkey.assert', { id: asked.id, assertion: elsewhere }), {
    code: 'passkey_invalid',
  })
  await account.call('pairing.passkey.assert', { id: asked.id, assertion: authenticator.assert(options) })
  await account.until('connected')
})

test('a passkey that WhatsApp does not accept ends the pairing with a reason; another one begins anew', async () => {
  const { account, authenticator, asked, options } = await scanned()
  const stranger = createSoftAuthenticator().assert(options)
  await assert.rejects(account.call('pairing.passkey.assert', { id: asked.id, assertion: stranger }), {
    code: 'passkey_refused',
  })
  const { reason, message } = await account.until('parked')
  assert.equal(reason, 'PasskeyRefused')
  assert.match(message ?? '', /passkey/)
  const { pairing } = await account.call('session.pair', { method: 'qr' })
  phones.scan(account.phone, pairing.qr ?? '').catch(() => {})
  const next = await passkeyOf(account, 'assertion')
  assert.notEqual(next.id, asked.id)
  const assertion = authenticator.assert(next.options ?? {})
  await account.call('pairing.passkey.assert', { id: next.id, assertion })
  await account.until('connected')
})

test('a person gives it up: the assertion that comes afterwards answers nothing', async () => {
  const { account, asked, authenticator, options } = await scanned()
  await account.call('session.disconnect', {})
  assert.equal((await account.until('parked')).reason, 'DisconnectedByRequest')
  await assert.rejects(
    account.call('pairing.passkey.assert', { id: asked.id, assertion: authenticator.assert(options) }),
    { code: 'passkey_not_asked' },
  )
})

test('a pairing code that WhatsApp refuses is not shown', async () => {
  const account = rig.account()
  await phones.create({ number: account.phone })
  await rig.simulator.faults.set({ refuseCode: 400 }, account.phone)
  account.start()
  await until(() => account.call('session.status', {}), { timeoutMs: 20_000 })
  await assert.rejects(account.call('session.pair', { method: 'code', phoneNumber: account.phone }), {
    code: 'pairing_unavailable',
    message: /the code is refused/,
  })
  assert.equal((await account.status())?.pairing?.code, undefined)
})

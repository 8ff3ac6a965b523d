/** What becomes of credentials that were ended, replaced or damaged: a person gets them back, and conversations go on. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Snapshot } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { type Account, createRig } from './rig.ts'

const rig = await createRig({ after })
const CONTACT = '491539990071'

const received = (account: Account, text: string) =>
  until(
    async () =>
      (await account.entries('message.received')).some(
        ({ data: { message } }) => message.content.type === 'text' && message.content.text === text,
      ),
    { timeoutMs: 60_000, describe: `the message ${text}` },
  )

/** That a conversation goes on where it was, in both directions. */
async function talks(account: Account, text: string): Promise<void> {
  await rig.simulator.contacts.send(CONTACT, { to: account.phone, text })
  await received(account, text)
  const id = await account.send(CONTACT, `re: ${text}`)
  const entry = await until(
    async () => {
      const { entries } = await rig.simulator.ledger.read({ id })
      return entries[0]?.direction === 'fromSession' && entries[0].opened > 0 ? entries[0] : undefined
    },
    { timeoutMs: 60_000, describe: `${id} at the contact` },
  )
  assert.deepEqual([entry.text, entry.decryptFailures], [`re: ${text}`, 0])
  assert.deepEqual(await account.entries('message.undecryptable'), [])
}

const snapshots = async (account: Account): Promise<Snapshot[]> =>
  (await until(() => account.call('session.snapshots', {}), { timeoutMs: 30_000 })).items

test('a link that was ended by mistake is begun again, beside the newest ratchets', async () => {
  const account = rig.account()
  const pod = await account.link()
  await talks(account, 'one')
  const [taken] = await snapshots(account)
  assert.deepEqual(
    [taken?.reason, taken?.account?.phone, taken?.obstacle],
    ['connected', account.phone, undefined],
  )
  await talks(account, 'two')

  // WhatsApp says twice that the device is gone, and it is not.
  await rig.simulator.faults.set({ loginFailure: { reason: 401, times: 1 } }, account.phone)
  await rig.simulator.sessions.end({ event: 'deviceRemoved' }, { number: account.phone })
  await account.until('loggedOut')
  await pod.kill()
  account.start()
  const [last] = await snapshots(account)
  assert.deepEqual([last?.reason, last?.obstacle], ['loggedOut', undefined])
  // The oldest one: the ratchets are the newest nevertheless.
  await account.call('session.restore', { snapshot: taken?.id ?? '' })
  await account.until('connected')
  await talks(account, 'three')
  await assert.rejects(account.call('session.restore', { snapshot: 'none' }), { code: 'not_found' })
})

test('an earlier link comes back with its keys after another was made in its place', async () => {
  const account = rig.account()
  await account.link()
  await talks(account, 'before')
  await rig.simulator.faults.set({ loginFailure: { reason: 401, times: 1 } }, account.phone)
  await rig.simulator.sessions.end({ event: 'deviceRemoved' }, { number: account.phone })
  await account.until('loggedOut')
  const { pairing } = await account.call('session.pair', { method: 'qr' })
  await rig.simulator.phones.scan(account.phone, pairing.qr ?? '')
  await account.until('connected')
  await talks(account, 'on the second device')
  const earlier = (await snapshots(account)).find(({ whole }) => whole)
  assert.deepEqual([earlier?.reason, earlier?.obstacle], ['replaced', undefined])
  await account.call('session.restore', { snapshot: earlier?.id ?? '' })
  await account.until('connected')
  await talks(account, 'on the first again')
  assert.deepEqual(
    (await snapshots(account)).filter(({ whole }) => whole).map(({ reason }) => reason),
    ['restore'],
  )
})

test('half of the credentials: told, nothing connects or is removed, and a snapshot mends them', async () => {
  const account = rig.account()
  let pod = await account.link()
  await talks(account, 'sound')
  await pod.kill()
  const stored = await account.stored()
  const creds = stored.values.get('creds/main') as object
  await stored.write([['creds', 'main', { ...creds, noiseKey: null }]])
  await stored.release()

  pod = account.start()
  const { reason, message } = await account.until('parked')
  assert.equal(reason, 'CredentialsDamaged')
  assert.match(message ?? '', /Noise key.*Restore a snapshot/)
  await account.call('session.restart', {})
  assert.equal((await account.call('session.status', {})).status.reason, 'CredentialsDamaged')
  const [usable] = await snapshots(account)
  await account.call('session.restore', { snapshot: usable?.id ?? '' })
  await account.until('connected')
  await talks(account, 'mended')
})

test('a record that does not open: told, and a person decides to go on without it', async () => {
  const account = rig.account()
  let pod = await account.link()
  await talks(account, 'sound')
  await pod.kill()
  const stored = await account.stored()
  await stored.writeDamaged()
  await stored.release()

  pod = account.start()
  assert.match((await account.until('parked')).message ?? '', /1 stored record does not open/)
  const [usable] = await snapshots(account)
  await account.call('session.restore', { snapshot: usable?.id ?? '' })
  await account.until('connected')
  await talks(account, 'mended')
  await pod.kill('SIGTERM')
  account.start()
  await account.until('connected')
  await talks(account, 'and whole after the next start')
})

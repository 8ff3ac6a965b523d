import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const LOST_LEASE = 75

test('two processes of one name: the second waits, and takes over in order', async () => {
  const account = rig.account()
  const first = await account.link()
  const second = account.start()
  await until(() => second.output().includes('another process holds the session'), { timeoutMs: 20_000 })
  assert.equal(
    (await rig.simulator.sessions.list()).filter(({ number }) => number === account.phone).length,
    1,
  )
  assert.equal(await first.kill('SIGTERM'), 0)
  await account.until('connected')
  assert.equal((await rig.store.session(account.session))?.epoch, 2)
})

test('who comes after a killed process in its own place does not wait for its lease; anybody else does', async () => {
  const account = rig.account()
  const there = { WARREN_LEASE_SECONDS: '300', WARREN_PLACE: 'the only process of this pod' }
  const first = await account.link(there)
  await first.kill('SIGKILL')
  const elsewhere = account.start({ ...there, WARREN_PLACE: 'another pod' })
  await until(() => elsewhere.output().includes('another process holds the session'), { timeoutMs: 20_000 })
  account.start(there)
  await until(async () => (await rig.store.session(account.session))?.epoch === 2, { timeoutMs: 20_000 })
  await account.until('connected')
})

test('should the one before it in its place be alive after all, it is fenced as any other', async () => {
  const account = rig.account()
  const there = { WARREN_PLACE: 'not as lonely as it was said to be' }
  const first = await account.link(there)
  account.start(there)
  assert.equal(await first.exited, LOST_LEASE)
  await until(async () => (await account.status())?.phase === 'connected')
  assert.equal((await rig.store.session(account.session))?.epoch, 2)
})

test('a holder that slept through its lease ends itself when it wakes, and writes nothing more', async () => {
  const account = rig.account()
  const first = await account.link()
  first.child.kill('SIGSTOP')
  account.start()
  await until(async () => (await rig.store.session(account.session))?.epoch === 2, { timeoutMs: 20_000 })
  await until(async () => (await account.status())?.phase === 'connected')
  first.child.kill('SIGCONT')
  assert.equal(await first.exited, LOST_LEASE)

  const contact = '491550000001'
  await rig.simulator.contacts.send(contact, { to: account.phone, text: 'who is there?' })
  await until(async () => (await account.entries('message.received')).length === 1)
  const epochs = (await rig.store.journal(account.session, 0, 1000)).map(({ epoch }) => epoch)
  assert.deepEqual(
    epochs,
    epochs.toSorted((a, b) => a - b),
  )
})

test('a wrong key is told in one sentence and an exit code, and nothing is changed', async () => {
  const account = rig.account()
  const first = await account.link()
  await first.kill('SIGTERM')
  const head = await rig.store.head(account.session)
  const second = account.start({ WARREN_INSTANCE_KEY: `7:${Buffer.alloc(32, 1).toString('base64')}` })
  assert.equal(await second.exited, 65)
  assert.equal(await rig.store.head(account.session), head)
  account.start()
  await account.until('connected')
})

test('the simulator is refused in production', async () => {
  const pod = rig.account().start({ NODE_ENV: 'production' })
  assert.equal(await pod.exited, 64)
  assert.match(pod.output(), /WARREN_WHATSAPP_SIMULATOR .* refused with NODE_ENV=production/)
})

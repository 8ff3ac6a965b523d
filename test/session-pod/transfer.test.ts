import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sealTo } from '@warren/runtime/crypto'
import { openBundle, readHeader, readMultiFileState, sealBundle } from '@warren/runtime/session-bundle'
import { tempDir, until } from '@warren/runtime/testing'
import { redirect } from '@warren/simulator'
import { linkMultiFile } from '@warren/simulator/testing'
import { type Account, createRig } from './rig.ts'

const rig = await createRig({ after })
redirect(await rig.simulator.trust())
const CONTACT = '491539990001'

/** A key for a bundle, sealed for the process that runs the account. */
async function keyFor(account: Account, key: Uint8Array): Promise<string> {
  const { publicKey } = await until(() => account.call('session.box', {}), { timeoutMs: 60_000 })
  return sealTo(Buffer.from(publicKey, 'base64'), key, 'session-bundle').toString('base64')
}

const received = (account: Account, text: string) =>
  until(
    async () =>
      (await account.entries('message.received')).some(
        ({ data: { message } }) => message.content.type === 'text' && message.content.text === text,
      ),
    { timeoutMs: 60_000, describe: `the message ${text}` },
  )

const sent = (account: Account, id: string) =>
  until(
    async () =>
      (await account.entries('message.status')).some(
        ({ data }) => data.id === id && ['sent', 'delivered'].includes(data.status),
      ),
    { timeoutMs: 60_000, describe: `${id} to be sent` },
  )

/** That conversations go on where they were: nothing has to be sent again. */
async function talks(account: Account, phone: string): Promise<void> {
  await rig.simulator.contacts.send(CONTACT, { to: phone, text: 'are you still there?' })
  await received(account, 'are you still there?')
  await sent(account, await account.send(CONTACT, 'yes'))
  assert.deepEqual(await account.entries('message.undecryptable'), [])
}

test('a session goes elsewhere with its link, and the place it left never connects with it again', async () => {
  const source = rig.account()
  const pod = await source.link()
  await rig.simulator.contacts.send(CONTACT, { to: source.phone, text: 'hello' })
  await received(source, 'hello')
  await sent(source, await source.send(CONTACT, 'hello yourself'))

  const key = randomBytes(32)
  const sealed = { key: await keyFor(source, key) }
  const { bundle, account } = await source.call('session.export', sealed)
  assert.equal(account.phone, source.phone)
  const status = await source.until('loggedOut')
  assert.equal(status.reason, 'Exported')
  assert.equal((await source.entries('session.loggedOut')).at(-1)?.data.reason, 'exported')
  assert.equal(readHeader(Buffer.from(bundle, 'base64')).account.phone, source.phone)
  const again = await source.call('session.export', sealed)
  const rowsOf = async (text: string) => (await openBundle(key, Buffer.from(text, 'base64'))).rows
  assert.deepEqual(await rowsOf(again.bundle), await rowsOf(bundle), 'the answer may have been lost')

  const target = rig.account()
  target.start()
  await target.until('pairing')
  await assert.rejects(
    target.call('session.import', { key: await keyFor(target, randomBytes(32)), bundle }),
    { code: 'bundle_invalid' },
  )
  await target.call('session.import', { key: await keyFor(target, key), bundle })
  assert.equal((await target.until('connected')).account?.phone, source.phone)
  await talks(target, source.phone)

  await pod.kill()
  source.start()
  await until(async () => ((await rig.store.session(source.session))?.epoch ?? 0) > 1, {
    timeoutMs: 60_000,
  })
  const { status: later } = await until(() => source.call('session.status', {}), { timeoutMs: 60_000 })
  assert.deepEqual([later.phase, later.reason], ['loggedOut', 'Exported'])
  const devices = (await rig.simulator.phones.get(source.phone)).devices
  assert.deepEqual(
    devices.map(({ connected }) => connected),
    [true],
  )
  await assert.rejects(target.call('session.import', { key: await keyFor(target, key), bundle }), {
    code: 'already_paired',
  })
})

test('a session of plain Baileys in a folder goes on without a QR', async () => {
  const phone = '491539990002'
  const folder = tempDir({ after })
  const before = await linkMultiFile(rig.simulator, phone, folder)
  const { id } = await rig.simulator.contacts.send(CONTACT, { to: phone, text: 'hello' })
  assert.equal(await before.text(id), 'hello')
  await before.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'hello yourself' })
  await rig.simulator.drained({ number: phone })
  await before.end()

  const files = readdirSync(folder).map((name) => ({
    name,
    content: readFileSync(join(folder, name), 'utf8'),
  }))
  const { account: owner, rows } = readMultiFileState(files)
  assert.equal(owner.phone, phone)
  const key = randomBytes(32)
  const bundle = await sealBundle(key, { account: owner, createdAt: new Date().toISOString() }, rows)
  const account = rig.account()
  account.start()
  await account.call('session.import', {
    key: await keyFor(account, key),
    bundle: bundle.toString('base64'),
  })
  assert.equal((await account.until('connected')).account?.phone, phone)
  await talks(account, phone)
})

test('a session of another number than the instance is for is not taken', async () => {
  const source = rig.account()
  await source.link()
  const key = randomBytes(32)
  const { bundle } = await source.call('session.export', { key: await keyFor(source, key) })
  const target = rig.account()
  target.start({ WARREN_PAIRING_PHONE_NUMBER: '491530000000' })
  const boxed = await keyFor(target, key)
  await assert.rejects(target.call('session.import', { key: boxed, bundle }), { code: 'conflict' })
  assert.equal((await target.status())?.account, undefined)
})

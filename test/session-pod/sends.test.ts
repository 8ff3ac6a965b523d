import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '@warren/runtime/testing'
import { type Account, createRig } from './rig.ts'

const rig = await createRig({ after })
const account = rig.account()
await account.link()

const statusesOf = async (from: Account, id: string) =>
  (await from.entries('message.status')).filter(({ data }) => data.id === id)

async function ended(id: string) {
  return until(async () =>
    (await statusesOf(account, id)).find(({ data }) => data.status === 'failed' || data.status === 'sent'),
  )
}

test('a number without WhatsApp fails before anything is sent', async () => {
  await rig.simulator.contacts.set({ number: '491540000001', registered: false })
  const id = await account.send('491540000001', 'anyone?')
  const { data } = await ended(id)
  assert.deepEqual([data.status, data.error?.code], ['failed', 'not_on_whatsapp'])
  assert.deepEqual((await rig.simulator.ledger.read({ id })).entries, [])
  await until(async () => (await rig.store.get(account.session, id))?.state === 'done')
})

test('an account under restriction: the refusal is typed', async () => {
  await rig.simulator.faults.set({ ackError: { code: 463, times: 1 } }, account.phone)
  const { data } = await ended(await account.send('491540000002', 'hello'))
  assert.deepEqual([data.status, data.error?.code, data.error?.whatsappCode], ['failed', 'restricted', 463])
})

for (const code of [403, 404])
  test(`a group that answers ${code}: not a member, and never silence`, async () => {
    await rig.simulator.faults.set({ refuseGroups: code }, account.phone)
    const { data } = await ended(await account.send('120363000000000001@g.us', 'are you all there?'))
    assert.deepEqual([data.status, data.error?.code], ['failed', 'not_in_group'])
    await rig.simulator.faults.clear(account.phone)
  })

test('stale devices: once more with fresh ones', async () => {
  await rig.simulator.faults.set({ ackError: { code: 479, times: 1 } }, account.phone)
  const { data } = await ended(await account.send('491540000003', 'hello'))
  assert.equal(data.status, 'sent')
})

test('an unknown outcome is never called a failure: the same id goes out again after the reconnect', async () => {
  const number = '491540000004'
  await rig.simulator.contacts.set({ number, deliverAfterMs: null })
  await rig.simulator.faults.set({ withholdAcks: true }, account.phone)
  const id = await account.send(number, 'did it arrive?')
  const entry = () => rig.simulator.ledger.read({ id }).then(({ entries: [first] }) => first)
  await until(async () => (await entry()) !== undefined)
  assert.deepEqual(
    (await statusesOf(account, id)).map(({ data }) => data.status),
    ['pending'],
  )
  await rig.simulator.faults.clear(account.phone)
  await rig.simulator.sessions.end({ event: 'terminate' }, { number: account.phone })
  const { data } = await ended(id)
  assert.equal(data.status, 'sent')
  const found = await entry()
  assert.ok(found?.direction === 'fromSession' && found.attempts === 2 && !found.conflicting)
})

test('messages of one chat keep their order', async () => {
  const number = '491540000005'
  const ids: string[] = []
  for (let i = 0; i < 30; i++) ids.push(await account.send(number, `part ${i}`))
  await until(async () =>
    (await statusesOf(account, ids.at(-1) ?? '')).some(({ data }) => data.status === 'sent'),
  )
  const { entries } = await rig.simulator.ledger.read({ direction: 'fromSession', peer: number })
  assert.deepEqual(
    entries.map(({ id }) => id),
    ids,
  )
})

test('a contact that could not read a message gets it again', async () => {
  const number = '491540000006'
  await rig.simulator.contacts.set({ number, failDecrypts: 1 })
  const id = await account.send(number, 'read me')
  const entry = await until(async () => {
    const [first] = (await rig.simulator.ledger.read({ id })).entries
    return first?.direction === 'fromSession' && first.opened > 0 ? first : undefined
  })
  assert.equal(entry.retryRequests, 1)
  assert.equal(entry.text, 'read me')
})

test('a contact that could not read a message gets it again although the session was killed meanwhile', async () => {
  const own = rig.account()
  const pod = await own.link()
  const number = '491540000016'
  await rig.simulator.contacts.set({ number, failDecrypts: 1 })
  // The request for a retry waits on the server until the next login, which is that of another process.
  await rig.simulator.faults.set({ deaf: true }, own.phone)
  const id = await own.send(number, 'read me')
  await until(async () => (await statusesOf(own, id)).some(({ data }) => data.status === 'sent'))
  const entry = async () => {
    const [first] = (await rig.simulator.ledger.read({ id })).entries
    return first?.direction === 'fromSession' ? first : undefined
  }
  await until(async () => (await entry())?.decryptFailures === 1)
  assert.equal((await entry())?.opened, 0)
  await pod.kill('SIGKILL')
  await rig.simulator.faults.clear(own.phone)
  own.start()
  const opened = await until(
    async () => {
      const found = await entry()
      return found && found.opened > 0 ? found : undefined
    },
    { timeoutMs: 30_000, describe: 'the answer to the retry' },
  )
  assert.deepEqual([opened.text, opened.conflicting, opened.retryRequests], ['read me', false, 1])
})

test('a device that was linked a moment ago gets the message too, though the list from before is still remembered', async () => {
  const partner = rig.account()
  await rig.simulator.phones.create({ number: partner.phone })
  await ended(await account.send(partner.phone, 'to the phone alone'))
  await partner.link()
  const id = await account.send(partner.phone, 'to both')
  const received = async () =>
    (await partner.entries('message.received')).filter(({ data }) => data.message.id === id)
  await until(async () => (await received()).length > 0, { timeoutMs: 20_000, describe: 'the message' })
  const found = await until(async () => {
    const [entry] = (await rig.simulator.ledger.read({ id, direction: 'fromSession' })).entries
    return entry?.direction === 'fromSession' && entry.attempts === 2 ? entry : undefined
  })
  assert.equal(found.conflicting, false)
  assert.equal((await received()).length, 1)
  await ended(id)
  const statuses = (await statusesOf(account, id)).map(({ data }) => data.status)
  assert.equal(statuses.filter((status) => status === 'sent').length, 1)
})

test('a message that cannot be decrypted is told of, asked for again, and then received', async () => {
  // A session that both have used: damage to the first message of one may hit what nobody reads.
  const number = '491540000007'
  await ended(await account.send(number, 'write to me'))
  const { id } = await rig.simulator.contacts.send(number, {
    to: account.phone,
    text: 'garbled',
    undecryptable: true,
  })
  await until(async () => (await account.entries('message.undecryptable')).some(({ data }) => data.id === id))
  await until(async () =>
    (await account.entries('message.received')).some(({ data }) => data.message.id === id),
  )
})

test('asks which numbers have WhatsApp', async () => {
  const { results } = await account.call('numbers.check', { phoneNumbers: ['491540000002', '491540000001'] })
  assert.deepEqual(
    results.map(({ phoneNumber, exists }) => [phoneNumber, exists]),
    [
      ['491540000002', true],
      ['491540000001', false],
    ],
  )
  assert.match(results[0]?.lid ?? '', /@lid$/)
})

test('blue ticks reach the sender', async () => {
  const number = '491540000008'
  const { id } = await rig.simulator.contacts.send(number, { to: account.phone, text: 'seen?' })
  const received = await until(async () =>
    (await account.entries('message.received')).find(({ data }) => data.message.id === id),
  )
  await account.call('message.markRead', { chat: received.data.message.chat.jid, messageIds: [id] })
  await until(async () => {
    const [entry] = (await rig.simulator.ledger.read({ id })).entries
    return entry && entry.read > 0
  })
})

test('what a command is asked wrongly comes back with its fields', async () => {
  const call = account.call('numbers.check', { phoneNumbers: ['no number'] })
  await assert.rejects(call, (error: { code?: string }) => error.code === 'validation_failed')
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSimulator } from '../index.ts'
import { redirect } from '../redirect.ts'
import type { BareClient } from '../testing/bare-client.ts'
import { linkBare } from '../testing/linked-client.ts'
import { waitFor } from '../testing/wait-for.ts'

const ACCOUNT = '491700000010'
const CONTACT = '491700000011'
const simulator = createSimulator()
let client: BareClient

before(async () => {
  redirect((await simulator.start()).trust)
  await simulator.contacts.setDefaults({ deliverAfterMs: 20, readAfterMs: 20 })
  client = await linkBare(simulator, ACCOUNT)
})
after(async () => {
  await client.end()
  await simulator.stop()
})

const fromSession = async (id: string) => {
  const [entry] = (await simulator.ledger.read({ direction: 'fromSession', id })).entries
  assert.ok(entry?.direction === 'fromSession')
  return entry
}
const toSession = async (id: string) => {
  const [entry] = (await simulator.ledger.read({ direction: 'toSession', id })).entries
  assert.ok(entry?.direction === 'toSession')
  return entry
}

test('a text from the client reaches contact and own phone, and is delivered and read', async () => {
  const sent = await client.sock.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'hello' })
  const id = sent?.key.id ?? ''
  await waitFor('read', () => client.statusOf(id) === 4)
  await simulator.drained()
  const entry = await fromSession(id)
  assert.deepEqual(entry.from, { number: ACCOUNT, device: 1 })
  assert.equal(entry.to, CONTACT)
  assert.equal(entry.text, 'hello')
  const { attempts, acked, opened, ownCopies, delivered, read, duplicate, decryptFailures } = entry
  assert.deepEqual(
    { attempts, acked, opened, ownCopies, delivered, read, duplicate, decryptFailures },
    {
      attempts: 1,
      acked: 1,
      opened: 1,
      ownCopies: 1,
      delivered: 1,
      read: 1,
      duplicate: false,
      decryptFailures: 0,
    },
  )
})

for (const addressing of ['pn', 'lid'] as const) {
  test(`a text from a contact arrives addressed by ${addressing}`, async () => {
    const { id, devices } = await simulator.contacts.send(CONTACT, {
      to: ACCOUNT,
      text: `hi ${addressing}`,
      addressing,
    })
    assert.equal(devices.length, 1)
    assert.equal(await client.text(id), `hi ${addressing}`)
    const key = client.messages.find((message) => message.key.id === id)?.key
    const { lid } = await simulator.contacts.get(CONTACT)
    const jids = [`${CONTACT}@s.whatsapp.net`, `${lid}@lid`]
    assert.deepEqual([key?.remoteJid, key?.remoteJidAlt], addressing === 'pn' ? jids : jids.reverse())
    await simulator.drained()
    const { queued, sent, acknowledged, retryRequests } = await toSession(id)
    assert.deepEqual(
      { queued, sent, acknowledged, retryRequests },
      { queued: 1, sent: 1, acknowledged: 1, retryRequests: 0 },
    )
  })
}

test('a text to a LID is delivered under that LID', async () => {
  const { lid } = await simulator.contacts.get(CONTACT)
  const sent = await client.sock.sendMessage(`${lid}@lid`, { text: 'to a lid' })
  const id = sent?.key.id ?? ''
  await waitFor('read', () => client.statusOf(id) === 4)
  const entry = await fromSession(id)
  assert.equal(entry.to, CONTACT)
  assert.equal(entry.addressing, 'lid')
  assert.equal(entry.text, 'to a lid')
})

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { downloadMediaMessage } from '@whiskeysockets/baileys'
import { createSimulator } from '../index.ts'
import { redirect } from '../redirect.ts'
import type { BareClient } from '../testing/bare-client.ts'
import { fromSession, pick, toSession } from '../testing/entries.ts'
import { linkBare } from '../testing/linked-client.ts'
import { waitFor } from '../testing/wait-for.ts'

const ACCOUNT = '491700000010'
const CONTACT = '491700000011'
const STRANGER = '491700000012'
const CONTACT_JID = `${CONTACT}@s.whatsapp.net`
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

const send = async (jid: string, content: Parameters<BareClient['sock']['sendMessage']>[1]) =>
  (await client.sock.sendMessage(jid, content))?.key.id ?? ''

test('a text from the client reaches contact and own phone, and is delivered and read', async () => {
  const id = await send(CONTACT_JID, { text: 'hello' })
  await waitFor('read', () => client.statusOf(id) === 4)
  await simulator.drained()
  const entry = await fromSession(simulator, id)
  const { seq: _, revision: __, firstAt: ___, lastAt: ____, ...rest } = entry
  assert.deepEqual(rest, {
    direction: 'fromSession',
    chat: `${ACCOUNT}|${CONTACT}`,
    id,
    from: { number: ACCOUNT, device: 1 },
    to: CONTACT,
    addressing: 'pn',
    kind: 'text',
    text: 'hello',
    attempts: 1,
    acked: 1,
    refused: 0,
    opened: 1,
    ownCopies: 1,
    decryptFailures: 0,
    retryRequests: 0,
    delivered: 1,
    read: 1,
    duplicate: false,
    conflicting: false,
  })
})

for (const addressing of ['pn', 'lid'] as const) {
  test(`a text from a contact arrives addressed by ${addressing}`, async () => {
    const text = `hi ${addressing}`
    const { id, devices } = await simulator.contacts.send(CONTACT, { to: ACCOUNT, text, addressing })
    assert.equal(devices.length, 1)
    assert.equal(await client.text(id), text)
    const key = client.messages.find((message) => message.key.id === id)?.key
    const jids = [CONTACT_JID, `${(await simulator.contacts.get(CONTACT)).lid}@lid`]
    assert.deepEqual([key?.remoteJid, key?.remoteJidAlt], addressing === 'pn' ? jids : jids.reverse())
    await simulator.drained()
    assert.deepEqual(
      pick(await toSession(simulator, id), 'queued', 'sent', 'acknowledged', 'nacked', 'retryRequests'),
      {
        queued: 1,
        sent: 1,
        acknowledged: 1,
        nacked: 0,
        retryRequests: 0,
      },
    )
  })
}

test('a text to a LID is delivered under that LID', async () => {
  const { lid } = await simulator.contacts.get(CONTACT)
  const id = await send(`${lid}@lid`, { text: 'to a lid' })
  await waitFor('read', () => client.statusOf(id) === 4)
  assert.deepEqual(pick(await fromSession(simulator, id), 'to', 'addressing', 'text'), {
    to: CONTACT,
    addressing: 'lid',
    text: 'to a lid',
  })
})

test('an image goes out through the upload endpoint and is checked', async () => {
  const image = randomBytes(20_000)
  const id = await send(CONTACT_JID, { image, caption: 'look', jpegThumbnail: '' })
  await waitFor('read', () => client.statusOf(id) === 4)
  const sha256 = createHash('sha256').update(image).digest('hex')
  assert.deepEqual(pick(await fromSession(simulator, id), 'kind', 'text', 'media'), {
    kind: 'image',
    text: 'look',
    media: { mimetype: 'image/jpeg', bytes: image.length, sha256, intact: true },
  })
})

test('an image from a contact downloads over plain HTTP', async () => {
  const data = randomBytes(30_000)
  const image = { data: data.toString('base64'), mimetype: 'image/png' }
  const { id } = await simulator.contacts.send(CONTACT, { to: ACCOUNT, image, text: 'seen' })
  const message = await waitFor('image', () => client.messages.find(({ key }) => key.id === id))
  assert.equal(message.message?.imageMessage?.caption, 'seen')
  assert.deepEqual(await downloadMediaMessage(message, 'buffer', {}), data)
})

test('a contact that cannot open a message asks again, and gets the same id', async () => {
  await simulator.contacts.set({ number: CONTACT, failDecrypts: 2 })
  const id = await send(CONTACT_JID, { text: 'once more' })
  await waitFor('read', () => client.statusOf(id) === 4)
  await simulator.drained()
  const entry = await fromSession(simulator, id)
  assert.deepEqual(
    pick(entry, 'attempts', 'decryptFailures', 'retryRequests', 'opened', 'duplicate', 'text'),
    {
      attempts: 3,
      decryptFailures: 2,
      retryRequests: 2,
      opened: 1,
      duplicate: false,
      text: 'once more',
    },
  )
})

test('a client that cannot open a message gets it again under the same id', async () => {
  const { id } = await simulator.contacts.send(CONTACT, { to: ACCOUNT, text: 'damaged', undecryptable: true })
  assert.equal(await client.text(id), 'damaged')
  await simulator.drained()
  assert.deepEqual(
    pick(await toSession(simulator, id), 'queued', 'sent', 'acknowledged', 'nacked', 'retryRequests'),
    {
      queued: 2,
      sent: 2,
      acknowledged: 1,
      nacked: 1,
      retryRequests: 1,
    },
  )
})

test('the very first message of a contact can be undecryptable too', async () => {
  const { id } = await simulator.contacts.send(STRANGER, { to: ACCOUNT, text: 'first', undecryptable: true })
  assert.equal(await client.text(id), 'first')
  await simulator.drained()
  assert.deepEqual(pick(await toSession(simulator, id), 'sent', 'nacked', 'retryRequests'), {
    sent: 2,
    nacked: 1,
    retryRequests: 1,
  })
})

test('an id that arrives twice is a duplicate', async () => {
  const message = { conversation: 'twice' }
  const options = { messageId: '3EB0AAAAAAAAAAAAAAAAAA' }
  await client.sock.relayMessage(CONTACT_JID, message, options)
  await client.sock.relayMessage(CONTACT_JID, message, options)
  await waitFor('both', async () => (await fromSession(simulator, options.messageId)).opened === 2)
  assert.deepEqual(
    pick(await fromSession(simulator, options.messageId), 'attempts', 'duplicate', 'conflicting'),
    {
      attempts: 2,
      duplicate: true,
      conflicting: false,
    },
  )
})

test('the read receipt of the client is written down', async () => {
  const { id } = await simulator.contacts.send(CONTACT, { to: ACCOUNT, text: 'read me' })
  await client.text(id)
  await client.sock.readMessages([{ remoteJid: CONTACT_JID, id, fromMe: false }])
  await waitFor('read', async () => (await toSession(simulator, id)).read === 1)
})

test('what the phone writes itself reaches the client as its own message', async () => {
  const OTHER = '491700000012'
  await simulator.phones.create({ number: OTHER })
  const { id } = await simulator.contacts.send(ACCOUNT, { to: OTHER, text: 'from my phone' })
  assert.equal(await client.text(id), 'from my phone')
  const key = client.messages.find((message) => message.key.id === id)?.key
  assert.deepEqual([key?.fromMe, key?.remoteJid], [true, `${OTHER}@s.whatsapp.net`])
  await simulator.drained()
})

test('an echo comes back, presence and typing are seen', async () => {
  await simulator.contacts.set({ number: CONTACT, echo: true })
  await send(CONTACT_JID, { text: 'mirror' })
  await waitFor('echo', () =>
    client.messages.find(({ key, message }) => !key.fromMe && message?.conversation === 'mirror'),
  )
  for (const state of ['available', 'composing', 'recording', 'paused', 'unavailable'] as const) {
    await simulator.contacts.presence(CONTACT, { to: ACCOUNT, state })
  }
  const seen = await waitFor('five presences', () => client.presences.length >= 5 && client.presences)
  assert.deepEqual(
    seen.map(({ presences }) => presences[CONTACT_JID]?.lastKnownPresence),
    ['available', 'composing', 'recording', 'available', 'unavailable'],
  )
})

test('onWhatsApp knows who is registered', async () => {
  await simulator.contacts.set({ number: '491700000099', registered: false })
  assert.deepEqual(await client.sock.onWhatsApp(CONTACT, '491700000099'), [
    { jid: CONTACT_JID, exists: true },
  ])
})

test('a rotated signed pre-key is the one that new contacts use, and each takes a one-time key', async () => {
  const left = async () => (await simulator.phones.get(ACCOUNT)).devices[0]?.preKeys ?? 0
  const before = await left()
  await client.sock.rotateSignedPreKey()
  const { id } = await simulator.contacts.send('491700000013', { to: ACCOUNT, text: 'with the new key' })
  assert.equal(await client.text(id), 'with the new key')
  assert.equal(await left(), before - 1)
})

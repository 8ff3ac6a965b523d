/** One message, end to end: from YAML to the ledger, and back to an SSE event. Everything is real but the phone and WhatsApp's server. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { tempDir, until } from '@warren/runtime/testing'
import { linkAccount, manifest } from './support/account.ts'
import { type EventReader, readEvents } from './support/events.ts'
import { type Caller, type Product, startProduct } from './support/product.ts'

const NUMBER = '491700000001'
const CONTACT = '491700000002'
/** The smallest PNG: one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

type MessageView = {
  id: string
  status?: string
  text?: string
  fromMe: boolean
  chat: { pn?: string }
  image?: { available: boolean; sha256?: string; caption?: string }
}

const product: Product = await startProduct({ after }, tempDir({ after }))
const api: Caller = await product.signIn()
await product.simulator.contacts.set({
  number: CONTACT,
  pushName: 'Maya',
  deliverAfterMs: 20,
  readAfterMs: 60,
})
const id = await linkAccount(product, api, 'shop', NUMBER)
const events: EventReader = await readEvents({ after }, product.url, api.token)

describe('one message, end to end', () => {
  const message = (messageId: string) =>
    api.call<MessageView>('GET', `/instances/${id}/messages/${messageId}`)

  it('carries a text out, with its ticks, exactly once', async () => {
    const sent = await api.call<MessageView>('POST', `/instances/${id}/messages`, {
      to: CONTACT,
      type: 'text',
      text: 'Good morning, Maya',
    })
    assert.equal(sent.status, 'queued')
    await until(async () => (await message(sent.id)).status === 'read', {
      timeoutMs: 20_000,
      describe: 'blue ticks',
    })
    const { entries } = await product.simulator.ledger.read({
      direction: 'fromSession',
      peer: CONTACT,
      id: sent.id,
    })
    assert.equal(entries.length, 1)
    const [entry] = entries
    assert.ok(entry?.direction === 'fromSession')
    assert.deepEqual(
      [entry.text, entry.attempts, entry.opened, entry.ownCopies, entry.decryptFailures],
      ['Good morning, Maya', 1, 1, 1, 0],
    )
    const statuses = events.seen.flatMap(({ event }) =>
      event.type === 'message.status' && event.data.id === sent.id ? [event.data.status] : [],
    )
    assert.deepEqual(statuses, ['pending', 'sent', 'delivered', 'read'])
  })

  for (const addressing of ['pn', 'lid'] as const) {
    it(`brings a text in (addressed by ${addressing}), as an event and into the one chat of the contact`, async () => {
      const text = `Hello from ${addressing}`
      const sent = await product.simulator.contacts.send(CONTACT, { to: NUMBER, text, addressing })
      const found = await until(
        () =>
          events.seen.find(
            ({ event }) => event.type === 'message.received' && event.data.message.id === sent.id,
          ),
        { timeoutMs: 20_000, describe: 'the event' },
      )
      assert.ok(found.event.type === 'message.received')
      assert.deepEqual(found.event.data.message.content, { type: 'text', text })
      await until(async () => (await message(sent.id)).text === text, {
        timeoutMs: 10_000,
        describe: 'the read model',
      })
      const { items } = await api.call<{ items: { address?: { pn?: string }; pn?: string }[] }>(
        'GET',
        `/instances/${id}/chats`,
      )
      assert.equal(items.length, 1)
    })
  }

  it('carries an image out and an image in, byte for byte', async () => {
    const form = new FormData()
    form.append('file', new Blob([PNG], { type: 'image/png' }), 'pixel.png')
    const media = await api.call<{ id: string }>('POST', '/media', form)
    const out = await api.call<MessageView>('POST', `/instances/${id}/messages`, {
      to: CONTACT,
      type: 'image',
      image: { mediaId: media.id, caption: 'one pixel' },
    })
    await until(async () => (await message(out.id)).status === 'read', {
      timeoutMs: 20_000,
      describe: 'blue ticks',
    })
    const { entries } = await product.simulator.ledger.read({ id: out.id })
    assert.equal(entries[0]?.kind, 'image')
    assert.equal(entries[0]?.text, 'one pixel')

    const incoming = await product.simulator.contacts.send(CONTACT, {
      to: NUMBER,
      text: 'yours',
      image: { data: PNG.toString('base64'), mimetype: 'image/png' },
    })
    const stored = await until(
      async () => {
        const view = await message(incoming.id)
        return view.image?.available ? view : undefined
      },
      { timeoutMs: 20_000, describe: 'the picture to be stored' },
    )
    assert.equal(stored.image?.sha256, createHash('sha256').update(PNG).digest('hex'))
  })

  it('tells the state of the resource beside its YAML and over REST alike', async () => {
    const view = await api.call<{
      conditions: { type: string; status: string }[]
      account?: { phone: string }
    }>('GET', `/instances/${id}`)
    assert.equal(view.account?.phone, NUMBER)
    assert.equal(view.conditions.find(({ type }) => type === 'Ready')?.status, 'True')
  })

  it('resumes an event stream where it was cut', async (t) => {
    const lastId = events.lastId()
    assert.ok(lastId)
    events.close()
    const missed = await product.simulator.contacts.send(CONTACT, { to: NUMBER, text: 'while you were away' })
    await until(() => message(missed.id), { timeoutMs: 20_000, describe: 'the read model' })
    const resumed = await readEvents(t, product.url, api.token, lastId)
    const again = await until(
      () =>
        resumed.seen.find(
          ({ event }) => event.type === 'message.received' && event.data.message.id === missed.id,
        ),
      { timeoutMs: 10_000, describe: 'the missed event' },
    )
    const before = new Set(events.seen.flatMap(({ event }) => (event.seq === undefined ? [] : [event.id])))
    assert.ok(!before.has(again.event.id))
    assert.deepEqual(
      resumed.seen.filter(({ event }) => before.has(event.id)),
      [],
    )
  })

  it('says plainly what is wrong with a file, and does not disturb the others', async () => {
    writeFileSync(join(product.instances, 'wrong.yaml'), manifest('wrong', { pairing: { maxAttempts: 9 } }))
    await until(() => /wrong\.yaml.*maxAttempts.*6/s.test(product.output()), {
      timeoutMs: 10_000,
      describe: 'a sentence that names file, field and limit',
    })
    rmSync(join(product.instances, 'wrong.yaml'))
    assert.equal((await api.call<{ active: boolean }>('GET', `/instances/${id}`)).active, true)
  })

  it('ends the session when the file is deleted', async () => {
    rmSync(join(product.instances, 'shop.yaml'))
    await until(
      async () => {
        const { items } = await api.call<{ items: { id: string }[] }>('GET', '/instances')
        return items.every((item) => item.id !== id)
      },
      { timeoutMs: 20_000, describe: 'the instance to go' },
    )
    await until(async () => (await product.simulator.sessions.list()).length === 0, {
      timeoutMs: 10_000,
      describe: 'the session to end',
    })
    assert.ok(!existsSync(join(product.instances, 'shop.yaml')))
  })
})

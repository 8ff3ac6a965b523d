import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { addressOf, contactIdOf, sessionKeyOf } from '@warren/contracts'
import { silentLogger as logger } from '@warren/runtime/logger'
import { until } from '@warren/runtime/testing'
import { connectPlatformDatabase } from '../../platform/index.ts'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod, textMessage } from '../../testing/pod.ts'
import { messageCollection } from './index.ts'

const services = await startServices({ after })
const { send, register, bus } = await startApi(services)

async function tenantWithPod() {
  const tenant = await register()
  const { body } = await send('POST', '/api/v1/instances', { token: tenant.token, body: {} })
  const pod = await startPod({ store: services.store, bus }, tenant.organization, body.id)
  const at = `/api/v1/instances/${body.id}`
  return { ...tenant, instance: body.id as string, pod, at }
}

const PHONE = '4915112345678'
const PN = `${PHONE}@s.whatsapp.net`
const LID = '777@lid'

describe('messages', () => {
  it('accepts a text: durable in the queue, shown as queued, pod woken', async () => {
    const { token, instance, at, organization } = await tenantWithPod()
    let woken = 0
    const waking = bus.onWake(`warren:queue:${organization}/${instance}`, () => ++woken)
    await waking.ready
    await until(() => woken === 1)
    const sent = await send('POST', `${at}/messages`, {
      token,
      body: { to: '+49 151 12345678', type: 'text', text: 'hi' },
    })
    assert.equal(sent.status, 202)
    assert.match(sent.body.id, /^3EB0[0-9A-F]{18}$/)
    assert.equal(sent.body.status, 'queued')
    assert.equal(sent.body.chat.pn, PN)
    const row = await services.store.get(sessionKeyOf({ organization, instance }), sent.body.id)
    assert.equal(row?.to, PN)
    assert.deepEqual((await send('GET', `${at}/messages/${sent.body.id}`, { token })).body, sent.body)
    await until(() => woken > 1, { describe: 'the wake-up of the pod' })
    waking.stop()
  })

  it('follows a message on its way, and no late receipt moves it back', async () => {
    const { token, at, pod } = await tenantWithPod()
    const { body } = await send('POST', `${at}/messages`, {
      token,
      body: { to: PHONE, type: 'text', text: 'hi' },
    })
    const chat = addressOf(PN)
    const outgoing = textMessage(body.id, PN, 'hi', { fromMe: true, sender: addressOf('1@s.whatsapp.net') })
    await pod.journal([
      { type: 'message.outgoing', data: { message: outgoing } },
      { type: 'message.status', data: { id: body.id, chat, status: 'sent', at: new Date() } },
      { type: 'message.status', data: { id: body.id, chat, status: 'read', at: new Date() } },
      { type: 'message.status', data: { id: body.id, chat, status: 'delivered', at: new Date() } },
    ])
    await until(
      async () => (await send('GET', `${at}/messages/${body.id}`, { token })).body.status === 'read',
    )
    const { body: list } = await send('GET', `${at}/messages`, { token })
    assert.equal(list.items.length, 1)
  })

  it('keeps what the session told when it was faster than the answer to the request', async () => {
    const { token, at, instance, organization } = await tenantWithPod()
    const repo = services.platform.collection('messages')
    const seed = await send('POST', `${at}/messages`, {
      token,
      body: { to: PHONE, type: 'text', text: 'hi' },
    })
    await repo.updateOne({ instance, id: seed.body.id }, { $set: { status: 'sent' } })
    const database = await connectPlatformDatabase({
      uri: services.mongoUri,
      dbName: services.platformDb,
      logger,
    })
    services.file.after(() => database.close())
    const messages = messageCollection(database)
    const [stored] = await messages.find({ organization, instance })
    assert.ok(stored)
    const { _id, ...late } = stored
    const other = { ...late, id: '3EB0000000000000000000' }
    await messages.insertMissing([{ ...late, status: 'queued' }, other])
    const rows = await messages.find({ organization, instance }, { sort: { id: 1 } })
    assert.deepEqual(
      rows.map(({ id, status }) => [id, status]).sort(),
      [
        [late.id, 'sent'],
        [other.id, 'sent'],
      ].sort(),
    )
  })

  it('tells why a message failed', async () => {
    const { token, at, pod } = await tenantWithPod()
    const { body } = await send('POST', `${at}/messages`, {
      token,
      body: { to: PHONE, type: 'text', text: 'hi' },
    })
    const error = { code: 'not_on_whatsapp', message: 'nobody there' } as const
    await pod.journal([
      {
        type: 'message.status',
        data: { id: body.id, chat: addressOf(PN), status: 'failed', at: new Date(), error },
      },
    ])
    const failed = await until(async () => {
      const answer = await send('GET', `${at}/messages/${body.id}`, { token })
      return answer.body.status === 'failed' && answer.body
    })
    assert.deepEqual(failed.error, error)
  })

  it('shows received messages, newest first, by chat, in pages', async () => {
    const { token, at, pod } = await tenantWithPod()
    const timestamp = (second: number) => ({ timestamp: new Date(1_800_000_000_000 + second * 1000) })
    await pod.receive(textMessage('A1', PN, 'one', timestamp(1)))
    await pod.receive(textMessage('A2', PN, 'two', timestamp(2)))
    await pod.receive(textMessage('B1', '4930999999@s.whatsapp.net', 'other', timestamp(3)))
    const all = await until(async () => {
      const { body } = await send('GET', `${at}/messages`, { token })
      return body.items.length === 3 && body.items
    })
    assert.deepEqual(
      all.map((message: { id: string }) => message.id),
      ['B1', 'A2', 'A1'],
    )
    const first = (await send('GET', `${at}/messages?chat=${PHONE}&limit=1`, { token })).body
    const second = (
      await send('GET', `${at}/messages?chat=${PHONE}&limit=1&cursor=${first.nextCursor}`, { token })
    ).body
    assert.deepEqual(
      [first.items[0].text, second.items[0].text, second.nextCursor],
      ['two', 'one', undefined],
    )
  })

  it('keeps one chat a person when the number turns out to be a hidden id', async () => {
    const { token, at, pod, organization, instance } = await tenantWithPod()
    const session = sessionKeyOf({ organization, instance })
    const id = contactIdOf(session, LID)
    await pod.receive(textMessage('A1', PN, 'by number', { pushName: 'Ada' }))
    await pod.receive(textMessage('A2', LID, 'by id'))
    await pod.journal([{ type: 'identity.mapped', data: { lid: LID, pn: PN } }])
    await pod.receive(textMessage('A3', PN, 'by number again'))
    const chats = await until(async () => {
      const { body } = await send('GET', `${at}/chats`, { token })
      return body.items.length === 1 && body.items[0].lastMessage.preview === 'by number again' && body.items
    })
    assert.deepEqual(
      { ...chats[0], lastMessage: chats[0].lastMessage.preview },
      {
        jid: LID,
        kind: 'person',
        phone: PHONE,
        lid: LID,
        pn: PN,
        contact: id,
        name: 'Ada',
        unread: 3,
        lastMessage: 'by number again',
      },
    )
    const { body: contacts } = await send('GET', `${at}/contacts`, { token })
    const { mapping, ...contact } = contacts.items[0]
    assert.equal(contacts.items.length, 1)
    assert.equal(mapping.source, 'whatsapp')
    assert.deepEqual(contact, { id, jid: LID, phone: PHONE, lid: LID, pn: PN, name: 'Ada' })
    // However somebody names the person, also by the id from before the hidden one was known.
    const alias = contactIdOf(session, PN)
    for (const name of [PHONE, `%2B${PHONE}`, PN, LID, id, alias]) {
      const { body: messages } = await send('GET', `${at}/messages?chat=${name}`, { token })
      assert.deepEqual(
        messages.items.map((message: { chat: { lid: string; pn: string } }) => [
          message.chat.lid,
          message.chat.pn,
        ]),
        Array(3).fill([LID, PN]),
      )
      assert.equal((await send('GET', `${at}/contacts/${name}`, { token })).body.id, id)
      assert.equal((await send('GET', `${at}/chats/${name}`, { token })).body.unread, 3)
    }
    const body = { to: alias, type: 'text', text: 'to the person' }
    const accepted = await send('POST', `${at}/messages`, { token, body })
    assert.deepEqual([accepted.status, accepted.body.chat.lid, accepted.body.chat.pn], [202, LID, PN])
    assert.equal((await services.store.get(session, accepted.body.id))?.to, LID)
    const nobody = { ...body, to: contactIdOf(session, '1@lid') }
    assert.equal((await send('POST', `${at}/messages`, { token, body: nobody })).body.code, 'not_found')
    for (const name of ['4930999999', '1@lid', contactIdOf(session, '1@lid')]) {
      assert.equal((await send('GET', `${at}/contacts/${name}`, { token })).status, 404)
      assert.equal((await send('GET', `${at}/chats/${name}`, { token })).status, 404)
    }
  })

  it('marks as read through the pod, and counts the chat as read then', async () => {
    const { token, at, pod } = await tenantWithPod()
    await pod.receive(textMessage('A1', PN, 'one'))
    await until(async () => (await send('GET', `${at}/chats`, { token })).body.items[0]?.unread === 1)
    const asked: unknown[] = []
    await pod.serve((call) => {
      asked.push(call)
      return { marked: 1 }
    })
    const { body } = await send('POST', `${at}/messages/read`, {
      token,
      body: { messageIds: ['A1', 'unknown'] },
    })
    assert.deepEqual(body, { marked: 1 })
    assert.deepEqual(asked, [{ command: 'message.markRead', request: { chat: PN, messageIds: ['A1'] } }])
    assert.equal((await send('GET', `${at}/chats`, { token })).body.items[0].unread, 0)
  })

  it('says at once when no pod answers', async () => {
    const { token, at } = await tenantWithPod()
    const answer = await send('POST', `${at}/numbers/check`, { token, body: { phoneNumbers: [PHONE] } })
    assert.equal(answer.body.code, 'session_unavailable')
  })

  it('checks numbers in any writing and answers in the order asked', async () => {
    const { token, at, pod } = await tenantWithPod()
    await pod.serve(() => ({ results: [{ phoneNumber: PHONE, exists: true, jid: PN, lid: LID }] }))
    const { body } = await send('POST', `${at}/numbers/check`, {
      token,
      body: { phoneNumbers: ['+49 30 123456', '+49 (151) 1234-5678'] },
    })
    assert.deepEqual(body.results, [
      { phoneNumber: '4930123456', exists: false },
      { phoneNumber: PHONE, exists: true, jid: PN, lid: LID },
    ])
  })

  describe('idempotency', () => {
    const message = { to: PHONE, type: 'text', text: 'once' }
    const post = (at: string, token: string, key: string, body: object = message) =>
      send('POST', `${at}/messages`, { token, body, headers: { 'idempotency-key': key } })

    it('replays the first answer and refuses the key for anything else', async () => {
      const { token, at } = await tenantWithPod()
      const first = await post(at, token, 'k1')
      const again = await post(at, token, 'k1')
      assert.deepEqual([again.status, again.body], [first.status, first.body])
      assert.equal(again.headers.get('idempotent-replayed'), 'true')
      const other = await post(at, token, 'k1', { ...message, text: 'twice' })
      assert.equal(other.body.code, 'idempotency_mismatch')
      const byOldName = await send('POST', `${at}/messages`, {
        token,
        body: message,
        headers: { 'x-idempotency-key': 'k1' },
      })
      assert.equal(byOldName.body.id, first.body.id)
    })

    it('makes one message of many simultaneous requests', async () => {
      const { token, at, instance } = await tenantWithPod()
      const answers = await Promise.all(Array.from({ length: 8 }, () => post(at, token, 'k2')))
      const accepted = answers.filter((answer) => answer.status === 202)
      assert.ok(accepted.length >= 1)
      assert.equal(new Set(accepted.map((answer) => answer.body.id)).size, 1)
      for (const { status, body } of answers) assert.ok(status === 202 || body.code === 'request_in_progress')
      assert.equal(await services.platform.collection('messages').countDocuments({ instance }), 1)
    })

    it('sends nothing twice when the first request died after the queue had it', async () => {
      const { token, at, instance, organization } = await tenantWithPod()
      const first = await post(at, token, 'k3')
      // As the crash leaves it: the queue has the row, the answer was never kept and the document never written.
      await services.platform.collection('messages').deleteMany({ instance })
      await services.platform
        .collection('idempotency')
        .updateMany(
          { organization },
          { $unset: { status: '', body: '' }, $set: { runningUntil: new Date(0) } },
        )
      const again = await post(at, token, 'k3')
      assert.equal(again.status, 202)
      assert.equal(again.body.id, first.body.id)
      const takeover = await services.platform.collection('messages').countDocuments({ instance })
      assert.equal(takeover, 1)
    })
  })
})

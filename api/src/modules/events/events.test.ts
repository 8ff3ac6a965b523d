import assert from 'node:assert/strict'
import { get } from 'node:http'
import { after, describe, it } from 'node:test'
import { until } from '@warren/runtime/testing'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod, textMessage } from '../../testing/pod.ts'
import { readSse } from '../../testing/sse.ts'

const services = await startServices({ after })
const [one, two] = [await startApi(services, { SSE_HEARTBEAT_SECONDS: 1 }), await startApi(services)]
const PN = '4915112345678@s.whatsapp.net'

async function tenantWithPod() {
  const tenant = await one.register()
  const { body } = await one.send('POST', '/api/v1/instances', { token: tenant.token, body: {} })
  const pod = await startPod({ store: services.store, bus: one.bus }, tenant.organization, body.id)
  const stream = (api: typeof one, path: string, lastEventId?: string) =>
    readSse(`${api.api.web.address()}/api/v1${path}`, {
      token: tenant.token,
      ...(lastEventId === undefined ? {} : { lastEventId }),
    })
  return { ...tenant, instance: body.id as string, pod, stream }
}

describe('events', () => {
  it('reach clients on every replica, projected by whichever worker, with headers that proxies understand', async () => {
    const { token, instance, pod, stream } = await tenantWithPod()
    const readers = [await stream(one, '/events'), await stream(two, `/instances/${instance}/events`)]
    await pod.receive(textMessage('A1', PN, 'hello'))
    for (const reader of readers) {
      await until(() => reader.events.length === 1)
      assert.equal(reader.events[0]?.type, 'message.received')
      assert.equal(reader.events[0]?.data.data.message.content.text, 'hello')
      assert.match(reader.headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.equal(reader.headers.get('x-accel-buffering'), 'no')
      assert.equal(reader.headers.get('content-encoding'), null)
      reader.close()
    }
    for (const { send } of [one, two])
      await until(
        async () =>
          (await send('GET', `/api/v1/instances/${instance}/messages`, { token })).body.items.length === 1,
      )
  })

  it('go on after Last-Event-ID on another replica, without gap or repetition, though the bus told nothing', async () => {
    const { instance, pod, stream } = await tenantWithPod()
    const first = await stream(one, '/events')
    await pod.receive(textMessage('A1', PN, '1'))
    await until(() => first.events.length === 1)
    first.close()
    for (const id of ['A2', 'A3']) await pod.receive(textMessage(id, PN, id), { publish: false })
    const second = await stream(two, `/instances/${instance}/events`, first.lastEventId())
    await pod.receive(textMessage('A4', PN, '4'))
    await until(() => second.events.length === 3)
    assert.deepEqual(
      second.events.map((event) => event.data.seq),
      [2, 3, 4],
    )
    second.close()
  })

  it('show an event that was lost with the bus as soon as the next one arrives', async () => {
    const { pod, stream } = await tenantWithPod()
    const reader = await stream(one, '/events')
    await pod.receive(textMessage('A1', PN, '1'), { publish: false })
    await pod.receive(textMessage('A2', PN, '2'))
    await until(() => reader.events.length === 2)
    assert.deepEqual(
      reader.events.map((event) => event.data.seq),
      [1, 2],
    )
    reader.close()
  })

  it('pass live ones on without an id, and no object-store key in any', async () => {
    const { pod, stream } = await tenantWithPod()
    const reader = await stream(two, '/events')
    const before = await until(() => reader.lastEventId())
    await pod.tell('pairing.qr', { qr: '2@x', attempt: 1, maxAttempts: 3, expiresAt: new Date() })
    await until(() => reader.events.length === 1)
    assert.equal(reader.events[0]?.id, undefined)
    assert.equal(reader.lastEventId(), before)
    const media = { mimetype: 'image/png', size: 3, key: 'media/secret' }
    await pod.receive(textMessage('A1', PN, '', { content: { type: 'image', media } }))
    await pod.journal([{ type: 'message.media', data: { id: 'A1', chat: { jid: PN, pn: PN }, media } }])
    await until(() => reader.events.length === 3)
    assert.ok(!JSON.stringify(reader.events).includes('media/secret'))
    reader.close()
  })

  it('belong to one organisation', async () => {
    const [mine, other] = [await tenantWithPod(), await tenantWithPod()]
    const reader = await mine.stream(one, '/events')
    await other.pod.receive(textMessage('X', PN, 'not yours'))
    await mine.pod.receive(textMessage('A1', PN, 'yours'))
    await until(() => reader.events.length === 1)
    assert.equal(reader.events[0]?.data.organization, mine.organization)
    const stranger = await one.send('GET', `/api/v1/instances/${other.instance}/events`, {
      token: mine.token,
    })
    assert.equal(stranger.status, 404)
    reader.close()
  })

  it('end when the token does, at once and at every replica, and tell why', async () => {
    const { token, stream } = await tenantWithPod()
    // The second replica looks at tokens every 15 seconds: sooner is what the first one tells it.
    const readers = [await stream(one, '/events'), await stream(two, '/events')]
    const left = performance.now()
    await one.send('POST', '/api/v1/auth/logout', { token })
    await Promise.all(readers.map((reader) => reader.ended))
    assert.ok(performance.now() - left < 5_000)
    for (const reader of readers)
      assert.deepEqual(
        [reader.events.at(-1)?.type, reader.events.at(-1)?.data],
        ['end', { code: 'unauthenticated' }],
      )
  })

  it('do not pile up for a client that does not read: it is cut off and may come back', async () => {
    const small = await startApi(services, { SSE_BUFFER_BYTES: 100_000 })
    const { token, pod, stream } = await tenantWithPod()
    const headers = { authorization: `Bearer ${token}` }
    const request = get(`${small.api.web.address()}/api/v1/events`, { headers }, (response) =>
      response.pause(),
    )
    request.on('error', () => {})
    services.file.after(() => void request.destroy())
    const cutOff = () =>
      small.logger.lines.some(({ message, path }) => message === 'request' && path === '/api/v1/events')
    const qr = 'x'.repeat(500_000)
    await until(async () => {
      await pod.tell('pairing.qr', { qr, attempt: 1, maxAttempts: 3, expiresAt: new Date() })
      return cutOff()
    })
    const again = await stream(small, '/events')
    await pod.receive(textMessage('A1', PN, 'still here'))
    await until(() => again.events.some((event) => event.type === 'message.received'))
    again.close()
  })

  it('are ended with a hint when the replica stops, without waiting for the client', async () => {
    const leaving = await startApi(services)
    const { stream, pod } = await tenantWithPod()
    const reader = await stream(leaving, '/events')
    const lastEventId = await until(() => reader.lastEventId())
    await leaving.api.web.stop()
    await reader.ended
    await pod.receive(textMessage('A1', PN, 'meanwhile'))
    const again = await stream(one, '/events', lastEventId)
    await until(() => again.events.length === 1)
    again.close()
  })

  it('refuse an id that is none', async () => {
    const { token } = await one.register()
    const answer = await one.send('GET', '/api/v1/events', { token, headers: { 'last-event-id': '§' } })
    assert.equal(answer.status, 400)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  })
})

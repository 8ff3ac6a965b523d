/** Redis may vanish at any time: what was accepted and received is shown all the same, only later. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { sessionKeyOf } from '@warren/contracts'
import { ownRedis, until } from '@warren/runtime/testing'
import { startApi, startServices } from '../testing/harness.ts'
import { startPod, textMessage } from '../testing/pod.ts'
import { readSse } from '../testing/sse.ts'

const shared = await startServices({ after })
const redis = await ownRedis(shared.file)
const services = { ...shared, redisUrl: redis.uri }
const { api, send, register, bus } = await startApi(services, {
  RATE_LIMIT: 'on',
  RATE_LIMIT_MESSAGES: '1000/60',
})
const PN = '4915112345678@s.whatsapp.net'

async function tenantWithPod() {
  const { token, organization } = await register()
  const { body } = await send('POST', '/api/v1/instances', { token, body: {} })
  const pod = await startPod({ store: services.store, bus }, organization, body.id)
  return { token, organization, pod, at: `/api/v1/instances/${body.id}`, instance: body.id as string }
}

describe('projections', () => {
  it('go on by the sweep when no wake-up comes', async () => {
    const { token, pod, at } = await tenantWithPod()
    await pod.receive(textMessage('A1', PN, 'unheard'), { publish: false })
    await until(async () => (await send('GET', `${at}/messages`, { token })).body.items.length === 1)
  })

  it('are corrected by a rebuild', async () => {
    const { token, organization, pod, at, instance } = await tenantWithPod()
    await pod.receive(textMessage('A1', PN, 'true'))
    const texts = async () =>
      (await send('GET', `${at}/messages`, { token })).body.items.map(
        (message: { text: string }) => message.text,
      )
    await until(async () => (await texts()).length === 1)
    await services.platform.collection('messages').deleteMany({ instance })
    assert.deepEqual(await texts(), [])
    assert.equal(await api.worker.rebuild(sessionKeyOf({ organization, instance })), 1)
    assert.deepEqual(await texts(), ['true'])
  })

  it('sends and streams outlive Redis', async () => {
    const { token, organization, pod, at, instance } = await tenantWithPod()
    const stream = await readSse(`${api.web.address()}${at}/events`, { token })
    await pod.receive(textMessage('A1', PN, 'before'))
    await until(() => stream.events.length === 1)
    await redis.stop()
    await until(() => !bus.connected())
    await pod.receive(textMessage('A2', PN, 'during'))
    const body = { to: '4915112345678', type: 'text', text: 'sent meanwhile' }
    const sent = await send('POST', `${at}/messages`, { token, body })
    assert.equal(sent.status, 202)
    assert.equal(
      (await services.store.get(sessionKeyOf({ organization, instance }), sent.body.id))?.state,
      'queued',
    )
    assert.equal((await send('GET', '/readyz')).status, 200)
    assert.equal((await send('GET', '/readyz')).body.status, 'degraded')
    await until(async () => (await send('GET', `${at}/messages`, { token })).body.items.length === 3, {
      timeoutMs: 10_000,
    })
    await until(() => stream.events.length === 2, {
      timeoutMs: 10_000,
      describe: 'the event from the journal',
    })
    await redis.restart()
    await until(() => bus.connected(), { timeoutMs: 10_000 })
    await pod.receive(textMessage('A3', PN, 'after'))
    await until(() => stream.events.length === 3, { timeoutMs: 10_000 })
    assert.deepEqual(
      stream.events.map((event) => event.data.seq),
      [1, 2, 3],
    )
    await until(async () => (await send('GET', `${at}/messages`, { token })).body.items.length === 4, {
      timeoutMs: 10_000,
    })
    stream.close()
  })
})

/** What becomes of the read models, the streams and other tenants when a session's data is removed and its name used again. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { sessionKeyOf } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { startApi, startServices } from '../testing/harness.ts'
import { startPod, textMessage } from '../testing/pod.ts'
import { readSse } from '../testing/sse.ts'

const services = await startServices({ after })
const { send, register, bus, api } = await startApi(services)
const PN = '4915112345678@s.whatsapp.net'

async function tenantWithPod() {
  const { token, organization } = await register()
  const instance: string = (await send('POST', '/api/v1/instances', { token, body: {} })).body.id
  const pod = await startPod({ store: services.store, bus }, organization, instance)
  const at = `/api/v1/instances/${instance}`
  const ids = async (): Promise<string[]> =>
    (await send('GET', `${at}/messages`, { token })).body.items.map((message: { id: string }) => message.id)
  return { token, organization, instance, pod, at, ids }
}

describe('a removed session', () => {
  it('takes its messages with it, and what comes after is shown from the first entry on', async () => {
    const { organization, instance, pod, ids } = await tenantWithPod()
    for (const id of ['OLD1', 'OLD2', 'OLD3']) await pod.receive(textMessage(id, PN, id))
    await until(async () => (await ids()).length === 3)
    await services.store.release(pod.lease, {
      status: { phase: 'stopped', since: new Date() },
      seq: pod.seq(),
    })
    await services.store.remove(sessionKeyOf({ organization, instance }))
    const next = await startPod({ store: services.store, bus }, organization, instance)
    await next.receive(textMessage('NEW1', PN, 'NEW1'))
    await next.receive(textMessage('NEW2', PN, 'NEW2'))
    await until(async () => (await ids()).includes('NEW2'))
    assert.deepEqual((await ids()).sort(), ['NEW1', 'NEW2'])
  })

  it('leaves a stream at a place that is right in the journal that follows', async () => {
    const { token, organization, instance, pod, at } = await tenantWithPod()
    const before = await readSse(`${api.web.address()}${at}/events`, { token })
    await pod.receive(textMessage('OLD1', PN, '1'))
    await until(() => before.events.length === 1)
    const lastEventId = before.events[0]?.id
    before.close()
    await services.store.release(pod.lease, {
      status: { phase: 'stopped', since: new Date() },
      seq: pod.seq(),
    })
    await services.store.remove(sessionKeyOf({ organization, instance }))
    const next = await startPod({ store: services.store, bus }, organization, instance)
    for (const id of ['NEW1', 'NEW2']) await next.receive(textMessage(id, PN, id))
    const resumed = await readSse(`${api.web.address()}${at}/events`, {
      token,
      ...(lastEventId ? { lastEventId } : {}),
    })
    await until(() => resumed.events.length === 2)
    resumed.close()
    assert.deepEqual(
      resumed.events.map((event) => event.data.data.message.id),
      ['NEW1', 'NEW2'],
    )
  })
})

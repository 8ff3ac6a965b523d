import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { addressOf, type CommandCall, PROTECTION_DEFAULTS, sessionKeyOf } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod, textMessage } from '../../testing/pod.ts'

const services = await startServices({ after })
const { send, register, bus } = await startApi(services)

async function tenantWithPod(spec: object = {}) {
  const tenant = await register()
  const { body } = await send('POST', '/api/v1/instances', { token: tenant.token, body: spec })
  const pod = await startPod({ store: services.store, bus }, tenant.organization, body.id)
  return { ...tenant, pod, created: body, instance: body.id as string, at: `/api/v1/instances/${body.id}` }
}

const PHONE = '4915112345678'
const PN = `${PHONE}@s.whatsapp.net`
const since = new Date('2026-01-01T00:00:00.000Z')
const report = {
  protection: { state: 'paused', score: 90, since, cause: 'banned' },
  score: 70,
  settings: PROTECTION_DEFAULTS,
  limits: {
    minute: { limit: 20, used: 1 },
    hour: { limit: 100, used: 2 },
    day: { limit: 1000, used: 3 },
  },
  warmUp: { since, factor: 0.5 },
  waiting: 4,
}

describe('account protection over REST', () => {
  it('is set with the instance, and shown as it was set', async () => {
    const protection = { limits: { perMinute: 5 }, pacing: 'HumanExceptReplies' }
    const { created, at, token } = await tenantWithPod({ protection })
    assert.equal(created.protection.limits.perMinute, 5)
    const patched = await send('PATCH', at, { token, body: { protection: { warmUp: 'None' } } })
    assert.deepEqual(
      [
        patched.body.protection.warmUp,
        patched.body.protection.pacing,
        patched.body.protection.limits.perMinute,
      ],
      ['None', 'HumanExceptReplies', 5],
    )
    const wrong = await send('PATCH', at, { token, body: { protection: { limits: { perDay: 0 } } } })
    assert.deepEqual([wrong.status, wrong.body.errors[0].path], [400, 'body.protection.limits.perDay'])
  })

  it('tells what holds now, resumes, and keeps the history of alerts', async () => {
    const { at, token, pod } = await tenantWithPod()
    assert.equal((await send('GET', `${at}/protection`, { token })).status, 503)
    const calls: string[] = []
    await pod.serve(({ command }: CommandCall) => {
      calls.push(command)
      return command === 'protection.resume'
        ? { ...report, protection: { state: 'slow', score: 60, since } }
        : report
    })
    const { body } = await send('GET', `${at}/protection`, { token })
    assert.deepEqual(
      [body.state, body.cause, body.score, body.limits.minute, body.warmUp.factor, body.waiting],
      ['paused', 'banned', 70, { limit: 20, used: 1 }, 0.5, 4],
    )
    assert.equal((await send('POST', `${at}/protection/resume`, { token })).body.state, 'slow')
    assert.deepEqual(calls, ['protection.status', 'protection.resume'])

    await pod.journal([
      { type: 'account.risk', data: { state: 'slow', previous: 'normal', score: 45, message: 'One.' } },
      {
        type: 'account.risk',
        data: { state: 'paused', previous: 'slow', score: 90, message: 'Two.', until: since },
      },
    ])
    const list = (query: string) => send('GET', `${at}/protection/incidents?limit=1${query}`, { token })
    const first = await until(async () => {
      const found = (await list('')).body
      return found.items[0]?.message === 'Two.' && found
    })
    assert.equal(first.items[0].until, since.toISOString())
    const second = (await list(`&cursor=${first.nextCursor}`)).body
    assert.deepEqual([second.items[0].message, second.nextCursor], ['One.', undefined])
  })

  it('shows why a message waits: as the session told, and live where it can be asked', async () => {
    const { at, token, pod } = await tenantWithPod()
    const sent = await send('POST', `${at}/messages`, {
      token,
      body: { to: PHONE, type: 'text', text: 'later' },
    })
    const { id } = sent.body
    const expectedAt = new Date('2030-01-01T00:00:00.000Z')
    await pod.journal([
      {
        type: 'message.waiting',
        data: { id, chat: addressOf(PN), reason: 'limit', position: 7, expectedAt },
      },
    ])
    const message = async () => (await send('GET', `${at}/messages/${id}`, { token })).body
    const stored = await until(async () => {
      const { waitingFor } = await message()
      return waitingFor
    })
    assert.deepEqual(
      [stored.reason, stored.position, stored.expectedAt],
      ['limit', 7, expectedAt.toISOString()],
    )
    const line = { id, to: PN, reason: 'paused', position: 2 }
    await pod.serve(({ command }: CommandCall) =>
      command === 'queue.list' ? { items: [line], total: 1 } : {},
    )
    assert.deepEqual(
      (({ reason, position, expectedAt: at }) => [reason, position, at])((await message()).waitingFor),
      ['paused', 2, undefined],
    )
    assert.deepEqual((await send('GET', `${at}/queue`, { token })).body, { total: 1, items: [line] })
    await pod.journal([
      { type: 'message.outgoing', data: { message: textMessage(id, PN, 'later', { fromMe: true }) } },
      { type: 'message.status', data: { id, chat: addressOf(PN), status: 'pending', at: new Date() } },
    ])
    await until(async () => (await message()).status === 'pending')
    assert.equal((await message()).waitingFor, undefined)
  })

  it('refuses marketing to who opted out, and nothing else, until that is taken back', async () => {
    const { at, token, pod, organization, instance } = await tenantWithPod()
    const lid = '777@lid'
    await pod.journal([
      {
        type: 'contact.optedOut',
        data: { address: { jid: lid, lid, pn: PN }, word: 'stop', messageId: 'IN' },
      },
    ])
    const contacts = async (query: string) =>
      (await send('GET', `${at}/contacts?${query}`, { token })).body.items.map(
        ({ jid }: { jid: string }) => jid,
      )
    await until(async () => (await contacts('optedOut=true')).length === 1)
    assert.deepEqual([await contacts('optedOut=true'), await contacts('optedOut=false')], [[lid], []])
    const offer = (category?: string) =>
      send('POST', `${at}/messages`, { token, body: { to: PHONE, type: 'text', text: 'hi', category } })
    const refused = await offer('marketing')
    assert.deepEqual([refused.status, refused.body.code], [422, 'recipient_opted_out'])
    assert.equal((await offer()).status, 202)
    assert.equal((await offer('transactional')).status, 202)
    const asked: unknown[] = []
    await pod.serve((call) => {
      asked.push(call)
      return {}
    })
    assert.equal((await send('POST', `${at}/contacts/${PHONE}/opt-in`, { token })).status, 204)
    assert.deepEqual(asked, [{ command: 'contact.optIn', request: { chat: PN } }])
    await pod.journal([{ type: 'contact.optedIn', data: { address: { jid: lid, lid, pn: PN } } }])
    await until(async () => (await contacts('optedOut=false')).length === 1)
    const { status, body } = await offer('marketing')
    assert.deepEqual([status, body.category], [202, 'marketing'])
    const row = await services.store.get(sessionKeyOf({ organization, instance }), body.id)
    assert.equal(row?.category, 'marketing')
  })
})

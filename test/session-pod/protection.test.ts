import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ProtectionSpec } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { type Account, createRig } from './rig.ts'

const rig = await createRig({ after })
const under = (protection: ProtectionSpec) => ({ WARREN_PROTECTION: JSON.stringify(protection) })
const QUIET = { pacing: 'None', warmUp: 'None' } as const
const limits = (perMinute: number) =>
  ({ mode: 'Enforced', perMinute, perHour: 1_000, perDay: 1_000 }) as const

const sentBy = async ({ phone }: Account) =>
  (await rig.simulator.ledger.read({ direction: 'fromSession', account: phone })).entries.map(({ id }) => id)
const failureOf = (account: Account, id: string) =>
  until(async () =>
    (await account.entries('message.status')).find(({ data }) => data.id === id && data.status === 'failed'),
  )

test('what is over the limit waits visibly, and a kill -9 gives back no token', async () => {
  const account = rig.account()
  const env = under({ ...QUIET, limits: limits(2) })
  const pod = await account.link(env)
  const ids: string[] = []
  for (let i = 0; i < 4; i++) ids.push(await account.send('491550000001', `message ${i}`))
  await until(async () => (await sentBy(account)).length === 2)
  const waiting = async () =>
    (await account.call('queue.list', {})).items.map(({ id, reason, position }) => [id, reason, position])
  const expected = [
    [ids[2], 'limit', 1],
    [ids[3], 'limit', 2],
  ]
  assert.deepEqual(await waiting(), expected)
  const told = await until(async () => {
    const found = await account.entries('message.waiting')
    return found.length === 2 ? found : undefined
  })
  assert.deepEqual(
    told.map(({ data }) => [data.id, data.reason, data.position]),
    expected,
  )
  await pod.kill()
  account.start(env)
  const { limits: used, waiting: count } = await until(
    async () => {
      const found = await account.call('protection.status', {}).catch(() => undefined)
      return found?.waiting === 2 ? found : undefined
    },
    { timeoutMs: 30_000 },
  )
  assert.deepEqual([used?.minute, count], [{ limit: 2, used: 2 }, 2])
  assert.deepEqual(await waiting(), expected)
  assert.deepEqual(await sentBy(account), ids.slice(0, 2))
})

test('a restricted account: the refusal says until when, new conversations wait, others go on', async () => {
  const account = rig.account()
  await account.link(under({ ...QUIET, limits: limits(1_000) }))
  await rig.simulator.contacts.send('491550000002', { to: account.phone, text: 'hi' })
  await until(async () => (await account.entries('message.received')).length === 1)
  const end = Math.ceil(Date.now() / 1000 + 3_600) * 1000
  // The fault alone, without the news of it: as when the refusal is the first that one hears.
  await rig.simulator.faults.set(
    { ackError: { code: 463, times: 1 }, reachoutTimelock: { until: end } },
    account.phone,
  )
  await until(async () => (await account.status())?.protection?.restriction?.reason === 'restricted')
  const known = await account.send('491550000002', 'nice to hear from you')
  const refused = await failureOf(account, known)
  assert.deepEqual(
    [refused.data.error?.code, refused.data.error?.whatsappCode, refused.data.error?.until],
    ['restricted', 463, new Date(end)],
  )
  const again = await account.send('491550000002', 'once more')
  const fresh = await account.send('491550000003', 'do we know each other?')
  await until(async () => (await sentBy(account)).includes(again))
  const { items } = await until(async () => {
    const found = await account.call('queue.list', {})
    return found.total === 1 ? found : undefined
  })
  assert.deepEqual(
    items.map(({ id, reason }) => [id, reason]),
    [[fresh, 'restricted']],
  )
  const [risk] = await account.entries('account.risk')
  assert.deepEqual([risk?.data.cause, risk?.data.until], ['restricted', new Date(end)])
  await rig.simulator.faults.clear(account.phone)
  await until(async () => (await sentBy(account)).includes(fresh), { timeoutMs: 20_000 })
})

test('a capped account begins no conversations until the cycle ends', async () => {
  const account = rig.account()
  await account.link(under({ ...QUIET, limits: limits(1_000) }))
  const cycleEnd = Math.ceil(Date.now() / 1000 + 7_200) * 1000
  await rig.simulator.faults.set({ messageCap: { status: 'FIRST_WARNING' } }, account.phone)
  await rig.simulator.faults.set({ messageCap: { status: 'CAPPED', until: cycleEnd } }, account.phone)
  const capped = await until(async () => {
    const found = (await account.status())?.protection
    return found?.restriction ? found : undefined
  })
  assert.deepEqual(
    [capped.restriction?.reason, capped.restriction?.until, capped.state],
    ['capped', new Date(cycleEnd), 'slow'],
  )
  await account.send('491550000004', 'hello?')
  await until(async () => (await account.call('queue.list', {})).items[0]?.reason === 'capped')
  assert.deepEqual(
    (await account.entries('account.risk')).map(({ data }) => [data.cause, data.state]),
    [
      ['capWarning', 'normal'],
      ['capped', 'slow'],
    ],
  )
})

test('refusals add up to a pause; messages wait until a person resumes', async () => {
  const account = rig.account()
  await account.link(under({ ...QUIET, limits: limits(1_000), circuitBreaker: 'Manual' }))
  await rig.simulator.faults.set({ ackError: { code: 403 } }, account.phone)
  const state = async () => (await account.call('protection.status', {})).protection.state
  for (let i = 0; (await state()) !== 'paused'; i++) {
    assert.ok(i < 12, 'a dozen refusals and no pause')
    await failureOf(account, await account.send('491550000005', `no ${i}`))
  }
  await until(async () => (await account.status())?.protection?.state === 'paused')
  await rig.simulator.faults.clear(account.phone)
  const id = await account.send('491550000005', 'patience')
  await until(async () =>
    (await account.entries('message.waiting')).some(({ data }) => data.id === id && data.reason === 'paused'),
  )
  const before = await sentBy(account)
  const { protection } = await account.call('protection.resume', {})
  assert.equal(protection.state, 'slow')
  await until(async () => (await sentBy(account)).includes(id))
  assert.ok(!before.includes(id))
  assert.deepEqual(
    (await account.entries('account.risk')).map(({ data }) => data.state),
    ['slow', 'paused', 'slow'],
  )
})

test('a person seems to type, and whoever says stop is opted out until someone takes it back', async () => {
  const account = rig.account()
  await account.link(under({ pacing: 'Human', warmUp: 'None', limits: limits(1_000) }))
  const number = '491550000006'
  await rig.simulator.contacts.send(number, { to: account.phone, text: 'Stop!', addressing: 'lid' })
  const { data } = await until(async () => (await account.entries('contact.optedOut'))[0])
  assert.equal(data.word, 'stop')
  const id = await account.send(number, 'Understood.')
  await until(async () => (await sentBy(account)).includes(id))
  const session = (await rig.simulator.sessions.list()).find((one) => one.number === account.phone)
  assert.equal(session?.typed, 1)
  await account.call('contact.optIn', { chat: data.address.jid })
  assert.equal((await account.entries('contact.optedIn')).length, 1)
})

/** Plans and namespaces, through the whole operator. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveSessions } from '../testing/live-sessions.ts'
import { createHarness, type Harness } from '../testing/operator-harness.ts'

const podNames = async (it: Harness) =>
  (await it.cluster.pods.list()).items.map(({ metadata }) => metadata.name).sort()

test('instances over the limit wait, say so, and start by themselves when there is room', async () => {
  const it = createHarness({ instanceLimit: 2 })
  await it.operator.start()
  for (const name of ['a', 'b', 'c', 'd']) {
    await it.create(name)
    await it.settle(1_000)
  }
  assert.deepEqual(await podNames(it), ['a', 'b'])
  assert.equal(await it.reasonOf('c'), 'InstanceLimit')
  const { conditions } = (await it.instance('c')).status ?? {}
  assert.match(conditions?.[0]?.message ?? '', /acme allows 2 instances and it has 3/)
  assert.match(await it.metrics(), /warren_operator_instances_over_limit 2/)
  const events = it.cluster.recorded.filter(({ reason }) => reason === 'InstanceLimit')
  assert.deepEqual(
    events.map(({ about }) => about.name),
    ['c', 'd'],
    'one each',
  )

  await it.cluster.instances.delete(it.key('a'))
  await it.settle(500)
  assert.deepEqual(await podNames(it), ['b', 'c'], 'the older of those who wait')
  await it.sessions.setLimit('acme', 10)
  await it.clock.advance(61_000)
  assert.deepEqual(await podNames(it), ['b', 'c', 'd'])
  const writes = it.cluster.writes()
  await it.clock.advance(120_000)
  assert.equal(it.cluster.writes(), writes)
  await it.stop()
})

test('a plan that became smaller stops nobody, also over restarts and a change of the operator', async () => {
  const it = createHarness({ instanceLimit: 3 })
  const sessions = liveSessions(it)
  await it.operator.start()
  for (const name of ['a', 'b', 'c']) await it.create(name)
  await it.settle(100)
  await it.sessions.setLimit('acme', 1)
  await it.clock.advance(61_000)
  await it.create('d')
  await it.cluster.pods.delete(it.key('a'))
  await it.settle(200)
  assert.deepEqual(await podNames(it), ['a', 'b', 'c'], 'recreated after it was deleted behind our back')
  await it.operator.stop()
  await it.cluster.pods.delete(it.key('b'))
  await it.settle(100)
  const next = it.makeOperator()
  await next.start()
  await it.settle(200)
  assert.deepEqual(await podNames(it), ['a', 'b', 'c'])
  assert.equal(await it.reasonOf('d'), 'InstanceLimit')
  // Who is suspended gives its place up, and the plan has none for it to come back to.
  await it.cluster.instances.patch(it.key('c'), { spec: { operatingMode: 'Suspended' } })
  await it.settle(100)
  await it.cluster.instances.patch(it.key('c'), { spec: { operatingMode: 'Running' } })
  await it.settle(100)
  assert.equal(await it.reasonOf('c'), 'InstanceLimit')
  sessions.stop()
  await next.stop()
  await it.cluster.stop()
})

test("organisations do not count each other's", async () => {
  const it = createHarness({ instanceLimit: 1 })
  await it.operator.start()
  for (const organization of ['one', 'two']) await it.create(organization, { organization })
  await it.settle(100)
  assert.deepEqual(await podNames(it), ['one', 'two'])
  await it.stop()
})

test('an instance that may not run where it is takes no place from those that may', async () => {
  const it = createHarness({ instanceLimit: 1 })
  await it.operator.start()
  const { kind, apiVersion, spec } = await it.create('old')
  await it.settle(100)
  it.cluster.labelNamespace('default', 'other')
  await it.cluster.instances.create({
    apiVersion,
    kind,
    spec,
    metadata: { namespace: 'elsewhere', name: 'new' },
  })
  await it.clock.advance(31_000)
  assert.deepEqual(await podNames(it), ['new'])
  await it.create('older-namespace')
  it.cluster.labelNamespace('default', undefined)
  await it.clock.advance(31_000)
  assert.deepEqual(await podNames(it), ['new'], 'and the plan holds for those that may run again')
  assert.equal(await it.reasonOf('old'), 'InstanceLimit')
  await it.stop()
})

test("in another organisation's namespace nothing runs, and a label that is set later stops what does", async () => {
  const it = createHarness()
  it.cluster.labelNamespace('default', 'acme')
  await it.operator.start()
  await it.create('ours')
  await it.create('theirs', { organization: 'other' })
  await it.settle(100)
  assert.deepEqual(await podNames(it), ['ours'])
  assert.equal(await it.reasonOf('theirs'), 'OrganizationMismatch')
  it.cluster.labelNamespace('default', 'other')
  await it.clock.advance(31_000)
  assert.deepEqual(await podNames(it), ['theirs'])
  assert.equal(await it.reasonOf('ours'), 'OrganizationMismatch')
  it.cluster.labelNamespace('default', undefined)
  await it.clock.advance(31_000)
  assert.deepEqual(await podNames(it), ['ours', 'theirs'])
  const reasons = it.cluster.recorded.map(({ reason, about }) => `${reason} ${about.name}`)
  assert.equal(reasons.filter((text) => text === 'OrganizationMismatch ours').length, 1)
  await it.stop()
})

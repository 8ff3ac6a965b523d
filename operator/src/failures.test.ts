/** Pods that are lost, refused or in the way, and namespaces that end: what an operator must survive without hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WarrenError } from '@warren/contracts'
import { liveSessions } from './testing/live-sessions.ts'
import { ACCOUNT, createHarness, type Harness } from './testing/operator-harness.ts'

const podNames = async (it: Harness) =>
  (await it.cluster.pods.list()).items.map(({ metadata }) => metadata.name).sort()

test('a pod that is evicted, finds no room or is deleted behind our back is replaced', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  for (const end of [
    () => it.cluster.kubelet.fail(it.key('sales'), 'Evicted', 'The node was low on memory.'),
    () => it.cluster.kubelet.fail(it.key('sales'), 'OutOfpods', 'Node did not have enough resource: pods'),
    () => it.cluster.pods.delete(it.key('sales')),
  ]) {
    const before = (await it.cluster.pods.get(it.key('sales')))?.metadata.uid
    await end()
    await it.settle(1_100)
    const after = await it.cluster.pods.get(it.key('sales'))
    assert.ok(after && after.metadata.uid !== before)
    assert.equal(await it.reasonOf('sales'), 'PodRunning')
  }
  const notes = it.cluster.recorded.filter(({ reason }) => reason === 'PodStopped').map(({ note }) => note)
  assert.deepEqual(notes, [
    'Stopped the session pod sales: PodEnded (Evicted).',
    'Stopped the session pod sales: PodEnded (OutOfpods).',
  ])
  await it.stop()
})

test('pods that a node turns away one after the other are replaced after growing pauses, a changed one at once', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  const turnAway = () => it.cluster.kubelet.fail(it.key('sales'), 'OutOfpods', 'no room')
  const created = () => it.cluster.recorded.filter(({ reason }) => reason === 'PodCreated').length
  for (let passed = 0; passed < 120_000; passed += 1_000) {
    turnAway()
    await it.clock.advance(1_000)
  }
  assert.ok(created() >= 5 && created() <= 10, `${created()} pods in two minutes`)
  assert.equal(await it.reasonOf('sales'), 'PodFailed')
  assert.match(
    (await it.instance('sales')).status?.conditions?.[0]?.message ?? '',
    /in a row ended \(OutOfpods\)/,
  )
  const before = created()
  await it.cluster.instances.patch(it.key('sales'), { spec: { pairing: { maxAttempts: 5 } } })
  await it.settle()
  assert.equal(created(), before + 1)
  assert.equal(await it.reasonOf('sales'), 'PodRunning')
  await it.stop()
})

test('a node that does not answer: another pod takes over, nothing is forced, and it settles when the node is back', async () => {
  const it = createHarness()
  const sessions = liveSessions(it)
  await it.operator.start()
  await it.create('sales')
  await it.settle(200)
  it.cluster.cutOff('node-1', true)
  it.cluster.kubelet.place('node-2')
  await it.clock.advance(50_000)
  assert.deepEqual(await podNames(it), ['sales'], 'not yet')
  await it.clock.advance(45_000)
  await it.settle(100)
  assert.deepEqual(await podNames(it), ['sales', 'sales--2'])
  let instance = await it.instance('sales')
  assert.equal(instance.status?.pod, 'sales--2')
  assert.equal(instance.status?.node, 'node-2')
  assert.match(
    instance.status?.conditions?.[0]?.message ?? '',
    /Not confirmed yet is the end of sales on node-1/,
  )
  // The isolated session still holds its lease: nothing is interrupted, and the other waits.
  assert.equal(await it.reasonOf('sales', 'Connected'), 'Open')
  assert.deepEqual(sessions.connected(), ['default/sales'])

  it.cluster.cutOff('node-1', false)
  await it.clock.advance(31_000)
  assert.deepEqual(await podNames(it), ['sales--2'])
  assert.deepEqual(sessions.connected(), ['default/sales--2'])
  instance = await it.instance('sales')
  assert.equal(instance.status?.conditions?.[0]?.message, 'The session pod runs.')
  assert.equal(await it.reasonOf('sales', 'Connected'), 'Open')
  const reasons = it.cluster.recorded.map(({ reason }) => reason)
  assert.equal(reasons.filter((reason) => reason === 'PodStopped').length, 1)
  sessions.stop()
  await it.stop()
})

test('an instance whose node is gone can still be deleted', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales', { deletionPolicy: 'Delete' })
  await it.settle()
  await it.report('sales', { phase: 'connected', account: ACCOUNT })
  it.cluster.cutOff('node-1', true)
  await it.cluster.instances.delete(it.key('sales'))
  await it.clock.advance(150_000)
  assert.equal(await it.cluster.instances.get(it.key('sales')), undefined)
  assert.equal((await it.sessions.session('acme/default.sales'))?.status, null)
  it.cluster.cutOff('node-1', false)
  await it.stop()
})

test('while the database does not answer, pods that have their place are replaced and ended, and what keeps its data is deleted', async () => {
  const it = createHarness()
  await it.operator.start()
  for (const name of ['sales', 'support', 'news']) await it.create(name)
  await it.settle()
  await it.clock.advance(31_000)
  const hangs = () => new Promise<never>(() => {})
  Object.assign(it.sessions, { session: hangs, sessions: hangs, limitsOf: hangs })
  const before = (await it.cluster.pods.get(it.key('sales')))?.metadata.uid
  it.cluster.kubelet.fail(it.key('sales'), 'Evicted', 'The node was low on memory.')
  await it.cluster.instances.patch(it.key('support'), { spec: { operatingMode: 'Suspended' } })
  await it.cluster.instances.delete(it.key('news'))
  await it.settle(200)
  assert.deepEqual(await podNames(it), ['sales'])
  assert.notEqual((await it.cluster.pods.get(it.key('sales')))?.metadata.uid, before)
  assert.equal(await it.cluster.instances.get(it.key('news')), undefined)
})

test('a foreign pod in the way is told once, asked after without haste, and no matter any more when it goes', async () => {
  const it = createHarness()
  const container = { name: 'theirs', command: ['theirs'] }
  const spec = { restartPolicy: 'Always', terminationGracePeriodSeconds: 1, containers: [container] } as const
  await it.cluster.pods.create({ metadata: it.key('sales'), spec })
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  assert.equal(await it.reasonOf('sales'), 'PodForeign')
  const writes = it.cluster.writes()
  await it.clock.advance(120_000)
  assert.equal(it.cluster.writes(), writes)
  assert.equal(it.cluster.recorded.filter(({ reason }) => reason === 'PodForeign').length, 1)
  await it.cluster.pods.delete(it.key('sales'))
  await it.settle(100)
  assert.equal(await it.reasonOf('sales'), 'PodRunning')
  await it.stop()
})

test('what a quota or a policy refuses is told in its words and tried again', async () => {
  const it = createHarness()
  await it.operator.start()
  it.cluster.refuse(new WarrenError('forbidden', 'exceeded quota: sessions, used: pods=10, limited: pods=10'))
  await it.create('sales')
  await it.settle()
  assert.equal(await it.reasonOf('sales'), 'PodRefused')
  const { conditions } = (await it.instance('sales')).status ?? {}
  assert.match(conditions?.[0]?.message ?? '', /exceeded quota/)
  await it.clock.advance(60_000)
  assert.ok(it.cluster.refusals() < 10, `${it.cluster.refusals()} attempts in a minute`)
  it.cluster.refuse(undefined)
  await it.clock.advance(16_000)
  await it.settle()
  assert.equal(await it.reasonOf('sales'), 'PodRunning')
  await it.stop()
})

for (const deletionPolicy of ['Retain', 'Logout', 'Delete'] as const)
  test(`a namespace that ends takes its instances with it: ${deletionPolicy}`, async () => {
    const it = createHarness({ reachable: false })
    await it.operator.start()
    for (const name of ['a', 'b']) await it.create(name, { deletionPolicy })
    await it.settle()
    await it.report('a', { phase: 'connected', account: ACCOUNT })
    await it.settle()
    it.cluster.refuse(new WarrenError('forbidden', 'the namespace is being terminated'))
    // The order of the namespace controller is any: here the pods first.
    for (const name of ['a', 'b']) await it.cluster.pods.delete(it.key(name))
    await it.settle()
    for (const name of ['a', 'b']) await it.cluster.instances.delete(it.key(name))
    await it.clock.advance(150_000)
    assert.deepEqual((await it.cluster.instances.list()).items, [])
    assert.ok(it.cluster.refusals() < 40, `${it.cluster.refusals()} attempts`)
    await it.stop()
  })

test('an operator that is replaced at any step of a deletion goes on where the last one was', async () => {
  for (const deletionPolicy of ['Retain', 'Logout', 'Delete'] as const)
    for (let steps = 0; steps < 8; steps++) {
      const it = createHarness()
      await it.operator.start()
      await it.create('sales', { deletionPolicy })
      await it.settle()
      await it.report('sales', { phase: 'connected', account: ACCOUNT })
      await it.settle()
      await it.cluster.instances.delete(it.key('sales'))
      for (let step = 0; step < steps; step++) await it.clock.advance(step % 2 ? 400 : 0)
      await it.operator.stop()
      const next = it.makeOperator()
      await next.start()
      await it.settle(1_500)
      await it.releaseSession('sales', { phase: deletionPolicy === 'Logout' ? 'loggedOut' : 'stopped' })
      await it.clock.advance(70_000)
      assert.equal(await it.cluster.instances.get(it.key('sales')), undefined, `${deletionPolicy} ${steps}`)
      assert.deepEqual(await podNames(it), [])
      await next.stop()
      await it.cluster.stop()
    }
})

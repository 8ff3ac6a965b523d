/** A new template over the whole fleet: how many are down at a time, and what happens when sessions do not come back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionPod } from '@warren/runtime/cluster'
import { liveSessions } from '../testing/live-sessions.ts'
import { createHarness, type Harness } from '../testing/operator-harness.ts'

const isNew = (pod: SessionPod) => pod.spec.containers[0].env?.some(({ name }) => name === 'VERSION') ?? false
const updated = async (it: Harness) => (await it.cluster.pods.list()).items.filter(isNew).length

async function fleet(organizations: readonly string[], phaseOf?: Parameters<typeof liveSessions>[1]) {
  const it = createHarness()
  const sessions = liveSessions(it, phaseOf)
  await it.operator.start()
  for (const [n, organization] of organizations.entries()) {
    await it.create(`i${String(n).padStart(2, '0')}`, { organization })
    await it.settle(20)
  }
  await it.settle(200)
  assert.equal(sessions.connected().length, organizations.length)
  await it.operator.stop()
  return { it, sessions }
}

test('a tenth at a time, one of an organisation, the oldest first, until all are new', async () => {
  const organizations = Array.from({ length: 30 }, (_, n) => `org-${n % 5}`)
  const { it, sessions } = await fleet(organizations)
  const operator = it.makeOperator({ env: { VERSION: '2' } })
  await operator.start()
  let most = 0
  const order: string[] = []
  for (let passed = 0; passed < 60_000 && (await updated(it)) < 30; passed += 50) {
    await it.settle(50)
    most = Math.max(most, 30 - sessions.connected().length)
    const byOrganization = new Map<string, number>()
    for (let n = 0; n < 30; n++) {
      const key = `i${String(n).padStart(2, '0')}`
      if (sessions.connected().includes(`default/${key}`)) continue
      byOrganization.set(organizations[n] ?? '', (byOrganization.get(organizations[n] ?? '') ?? 0) + 1)
    }
    assert.ok(Math.max(0, ...byOrganization.values()) <= 1, 'two of one organisation are down')
    for (const { metadata } of (await it.cluster.pods.list()).items.filter(isNew))
      if (!order.includes(metadata.name)) order.push(metadata.name)
  }
  assert.equal(await updated(it), 30)
  assert.ok(most <= 3, `${most} were down at a time`)
  assert.deepEqual(order.slice(0, 3).sort(), ['i00', 'i01', 'i02'])
  // The last news are answered a moment later.
  await it.settle(100)
  const writes = it.cluster.writes()
  await it.settle(2_000)
  assert.equal(it.cluster.writes(), writes)
  sessions.stop()
  await operator.stop()
  await it.cluster.stop()
})

test('it pauses when sessions do not come back, says where, and goes on when they do', async () => {
  let broken = true
  const organizations = Array.from({ length: 40 }, (_, n) => `org-${n}`)
  const { it, sessions } = await fleet(organizations, (pod) =>
    broken && isNew(pod) ? undefined : 'connected',
  )
  const operator = it.makeOperator({ env: { VERSION: '2' } })
  await operator.start()
  await it.clock.advance(600_000)
  assert.equal(await updated(it), 4, 'a tenth, and then no more')
  assert.equal(await it.reasonOf('i00', 'Degraded'), 'RollFailed')
  assert.ok(it.cluster.recorded.some(({ reason }) => reason === 'RollPaused'))
  assert.match(await it.metrics(), /warren_operator_roll_paused 1/)
  broken = false
  await it.clock.advance(300_000)
  assert.equal(await updated(it), 40)
  assert.equal(await it.reasonOf('i00', 'Degraded'), 'Healthy')
  assert.match(await it.metrics(), /warren_operator_roll_paused 0/)
  const told = it.cluster.recorded
    .filter(({ reason }) => reason === 'RollResumed')
    .map(({ about }) => about.name)
  assert.ok(told.includes('i00'), 'who was told of the pause is told of its end')
  sessions.stop()
  await operator.stop()
  await it.cluster.stop()
})

test('an operator that takes over in the middle keeps to the bounds', async () => {
  const organizations = Array.from({ length: 20 }, (_, n) => `org-${n}`)
  // Long enough on their way to be seen by the next operator.
  const { it, sessions } = await fleet(organizations, (pod, now) =>
    isNew(pod) && now.getTime() - Date.parse(pod.metadata.creationTimestamp) < 8_000
      ? 'connecting'
      : 'connected',
  )
  for (let turn = 0; turn < 6; turn++) {
    const operator = it.makeOperator({ env: { VERSION: '2' } })
    await operator.start()
    for (let passed = 0; passed < 3_000; passed += 50) {
      await it.settle(50)
      assert.ok(20 - sessions.connected().length <= 2, `more than a tenth is down in turn ${turn}`)
    }
    await operator.stop()
  }
  assert.ok((await updated(it)) >= 4, 'it stands still')
  sessions.stop()
  await it.cluster.stop()
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FINALIZER, RESTARTED_AT_ANNOTATION, type WhatsAppInstance } from '@warren/contracts'
import { KEY_FILE, keySecretKeyOf } from './pods/session-pod.ts'
import { liveSessions } from './testing/live-sessions.ts'
import { ACCOUNT, createHarness, TEMPLATE } from './testing/operator-harness.ts'

const condition = (instance: WhatsAppInstance, type: string) => {
  const found = instance.status?.conditions?.find((one) => one.type === type)
  return found && `${found.status} ${found.reason}`
}

test('from an applied instance to Ready, and every step is told', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  const pod = await it.cluster.pods.get(it.key('sales'))
  assert.equal(pod?.metadata.ownerReferences?.[0]?.name, 'sales')
  const secret = await it.cluster.secrets.get(keySecretKeyOf(it.key('sales')))
  assert.match(Buffer.from(secret?.data[KEY_FILE] ?? []).toString(), /^1:.{44}$/)
  let instance = await it.instance('sales')
  assert.deepEqual(instance.metadata.finalizers, [FINALIZER])
  assert.equal(instance.status?.phase, 'Pending')
  assert.equal(condition(instance, 'Scheduled'), 'True PodRunning')
  assert.equal(condition(instance, 'Ready'), 'False NotPaired')

  const pairing = { method: 'qr' as const, qr: 'secret-qr', attempt: 1, maxAttempts: 3 }
  await it.report('sales', { phase: 'pairing', pairing })
  await it.settle()
  instance = await it.instance('sales')
  assert.equal(instance.status?.phase, 'Pairing')
  assert.deepEqual(instance.status?.pairing, { attempt: 1, maxAttempts: 3 }, 'no QR without showInStatus')

  await it.report('sales', { phase: 'connected', account: ACCOUNT, lastConnectedAt: it.clock.now() })
  await it.settle()
  instance = await it.instance('sales')
  assert.equal(condition(instance, 'Ready'), 'True Ready')
  assert.equal(instance.status?.phase, 'Connected')
  assert.equal(instance.status?.account?.phone, ACCOUNT.phone)
  const reasons = it.cluster.recorded.map(({ reason }) => reason)
  assert.deepEqual(reasons, ['PodCreated', 'Paired', 'Connected'])

  const writes = it.cluster.writes()
  await it.report('sales', { phase: 'connected', account: ACCOUNT, lastConnectedAt: it.clock.now() })
  await it.settle(1_000)
  assert.equal(it.cluster.writes(), writes, 'an unchanged instance is not written')
  await it.stop()
})

test('the QR is in the status of those who asked for it', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('open', { pairing: { showInStatus: true } })
  await it.settle()
  await it.report('open', {
    phase: 'pairing',
    pairing: { method: 'qr', qr: '2@abc', attempt: 1, maxAttempts: 3 },
  })
  await it.settle()
  assert.equal((await it.instance('open')).status?.pairing?.qr, '2@abc')
  await it.stop()
})

test('suspending stops the pod and keeps the pairing; a restart is asked for by annotation, once', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  await it.report('sales', { phase: 'connected', account: ACCOUNT })
  await it.settle()
  const first = await it.cluster.pods.get(it.key('sales'))
  await it.cluster.instances.patch(it.key('sales'), { annotations: { [RESTARTED_AT_ANNOTATION]: 'now' } })
  await it.settle()
  const second = await it.cluster.pods.get(it.key('sales'))
  assert.ok(second && second.metadata.uid !== first?.metadata.uid)

  await it.cluster.instances.patch(it.key('sales'), { spec: { operatingMode: 'Suspended' } })
  await it.releaseSession('sales', { phase: 'stopped', account: ACCOUNT })
  await it.settle()
  const instance = await it.instance('sales')
  assert.equal(await it.cluster.pods.get(it.key('sales')), undefined)
  assert.equal(instance.status?.phase, 'Suspended')
  assert.equal(condition(instance, 'Scheduled'), 'False Suspended')
  assert.equal(condition(instance, 'Paired'), 'True Linked')
  assert.equal(it.cluster.kubelet.mostAtOnce(it.key('sales')), 1)
  await it.stop()
})

test('a session that died without a word is noticed when its lease has run out', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  await it.report('sales', { phase: 'connected', account: ACCOUNT })
  await it.settle()
  assert.equal(condition(await it.instance('sales'), 'Connected'), 'True Open')
  await it.clock.advance(61_000)
  assert.equal(condition(await it.instance('sales'), 'Connected'), 'False NoSession')
  await it.stop()
})

test('a crash loop is told', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  it.cluster.kubelet.crash(it.key('sales'), 7)
  it.cluster.kubelet.crash(it.key('sales'), 7)
  await it.settle()
  const instance = await it.instance('sales')
  assert.equal(condition(instance, 'Degraded'), 'True CrashLoop')
  assert.equal(condition(instance, 'Scheduled'), 'False PodFailed')
  assert.match(instance.status?.conditions?.[0]?.message ?? '', /exit code 7/)
  await it.stop()
})

test('another template replaces pods, in turns', async () => {
  const it = createHarness({ perSecond: 1, burst: 1 })
  const sessions = liveSessions(it)
  await it.operator.start()
  await it.create('a')
  await it.settle(2_000)
  await it.create('b')
  await it.settle(2_000)
  const before = (await it.cluster.pods.list()).items.map(({ metadata }) => metadata.uid)
  await it.operator.stop()
  const upgraded = it.makeOperator({ command: [...TEMPLATE.command, '--new'] })
  await upgraded.start()
  // Its first look comes before it knows of all sessions, the next one after a second.
  await it.settle(1_100)
  const kept = (await it.cluster.pods.list()).items.filter(({ metadata }) => before.includes(metadata.uid))
  assert.equal(kept.length, 1, 'one at a time')
  await it.settle(6_000)
  const after = (await it.cluster.pods.list()).items
  assert.deepEqual(
    after.map(({ spec }) => spec.containers[0].command?.at(-1)),
    ['--new', '--new'],
  )
  sessions.stop()
  await upgraded.stop()
  await it.cluster.stop()
})

test('Retain keeps the data, Delete removes it, both end the pod first', async () => {
  for (const deletionPolicy of ['Retain', 'Delete'] as const) {
    const it = createHarness()
    await it.operator.start()
    await it.create('sales', { deletionPolicy })
    await it.settle()
    await it.report('sales', { phase: 'connected', account: ACCOUNT })
    it.cluster.kubelet.hold(true)
    await it.cluster.instances.delete(it.key('sales'))
    await it.settle()
    assert.equal((await it.instance('sales')).status?.phase, 'Terminating')
    await it.releaseSession('sales', { phase: 'stopped', account: ACCOUNT })
    await it.settle()
    assert.ok(await it.cluster.instances.get(it.key('sales')), 'not before the pod is gone')
    it.cluster.kubelet.release(it.key('sales'))
    await it.settle(2_000)
    assert.equal(await it.cluster.instances.get(it.key('sales')), undefined)
    const session = await it.sessions.session('acme/default.sales')
    assert.equal(session?.status === null, deletionPolicy === 'Delete')
    assert.deepEqual(it.calls, [])
    await it.stop()
  }
})

test('Logout unlinks over the bus, even a suspended session, and then removes the data', async () => {
  const it = createHarness()
  await it.operator.start()
  await it.create('sales', { deletionPolicy: 'Logout' })
  await it.settle()
  await it.report('sales', { phase: 'connected', account: ACCOUNT })
  await it.cluster.instances.patch(it.key('sales'), { spec: { operatingMode: 'Suspended' } })
  await it.releaseSession('sales', { phase: 'stopped', account: ACCOUNT })
  await it.settle()
  await it.cluster.instances.delete(it.key('sales'))
  await it.settle(1_100)
  assert.ok(await it.cluster.pods.get(it.key('sales')), 'woken for its logout')
  await it.report('sales', { phase: 'starting' })
  await it.report('sales', { phase: 'connected', account: ACCOUNT })
  await it.settle(1_500)
  await it.releaseSession('sales', { phase: 'loggedOut' })
  await it.settle(3_000)
  assert.equal(await it.cluster.instances.get(it.key('sales')), undefined)
  assert.equal((await it.sessions.session('acme/default.sales'))?.status, null)
  assert.ok(it.cluster.recorded.some(({ reason }) => reason === 'LoggedOut'))
  await it.stop()
})

test('a logout that does not succeed in time does not hold the deletion, and says so', async () => {
  const it = createHarness({ reachable: false })
  await it.operator.start()
  await it.create('sales', { deletionPolicy: 'Logout' })
  await it.settle()
  await it.report('sales', { phase: 'connected', account: ACCOUNT })
  await it.settle()
  await it.cluster.instances.delete(it.key('sales'))
  await it.clock.advance(50_000)
  assert.ok(await it.cluster.instances.get(it.key('sales')))
  await it.clock.advance(40_000)
  assert.equal(await it.cluster.instances.get(it.key('sales')), undefined)
  assert.ok(it.cluster.recorded.some(({ reason }) => reason === 'LogoutTimedOut'))
  await it.stop()
})

test("somebody else's pod under the name is left alone and told", async () => {
  const it = createHarness()
  await it.cluster.pods.create({
    metadata: it.key('sales'),
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'theirs', command: ['theirs'] }],
    },
  })
  const theirs = await it.cluster.pods.get(it.key('sales'))
  await it.operator.start()
  await it.create('sales')
  await it.settle()
  assert.equal(condition(await it.instance('sales'), 'Scheduled'), 'False PodForeign')
  await it.cluster.instances.delete(it.key('sales'))
  await it.settle()
  assert.equal(await it.cluster.instances.get(it.key('sales')), undefined)
  assert.equal((await it.cluster.pods.get(it.key('sales')))?.metadata.uid, theirs?.metadata.uid)
  await it.stop()
})

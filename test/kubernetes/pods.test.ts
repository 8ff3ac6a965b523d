/** Others touch what is the operator's: it repairs that, leaves alone what is theirs, and writes nothing when there is nothing to do. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { until } from '@warren/runtime/testing'
import { startNodeAgent, withKubernetes } from '@warren/runtime/testing/kubernetes'
import { install } from './support/installation.ts'
import { type Instances, instancesIn, PATIENCE } from './support/instances.ts'

const kubernetes = await withKubernetes({ after })
const { client, kubeconfigFile } = kubernetes
const namespaces = {
  deleted: await kubernetes.createNamespace(),
  foreign: await kubernetes.createNamespace(),
  evicted: await kubernetes.createNamespace(),
  contended: await kubernetes.createNamespace(),
  idle: await kubernetes.createNamespace(),
}
const all = Object.values(namespaces)
const warren = await install({ after }, { kubeconfigFile, namespaces: all })
const node = await startNodeAgent({ client, namespaces: all, stub: true })
after(() => node.stop())
const operator = await warren.replica('operator')
await operator.untilLeading()
const running = (instances: Instances, name: string) =>
  instances.untilCondition(name, 'Scheduled', 'PodRunning')
const notesOf = async (instances: Instances, reason: string) =>
  (await instances.events()).filter((event) => event.reason === reason)

test('a pod that is deleted behind its back is replaced under the same name', async () => {
  const instances = instancesIn(client, namespaces.deleted)
  await instances.create('sales')
  const { metadata } = await instances.untilPod('sales')
  await running(instances, 'sales')
  await instances.removePod('sales')
  await instances.untilPod('sales', metadata.uid)
  await running(instances, 'sales')
  assert.equal((await instances.pods()).length, 1)
})

test("somebody else's pod under the name is left alone and told once, and the name is taken when it is free", async () => {
  const instances = instancesIn(client, namespaces.foreign)
  const path = `/api/v1/namespaces/${namespaces.foreign}/pods`
  const theirs = await client.request('POST', path, {
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'sales', labels: { app: 'theirs' } },
      spec: { containers: [{ name: 'theirs', image: 'theirs' }] },
    },
  })
  await instances.create('sales')
  await instances.untilCondition('sales', 'Scheduled', 'PodForeign')
  assert.equal((await instances.pod('sales')).metadata.uid, theirs.metadata.uid)
  await until(async () => (await notesOf(instances, 'PodForeign')).length === 1, PATIENCE)
  // Deleting the instance does not touch it either.
  await instances.remove('sales')
  await instances.untilGone('whatsappinstances', 'sales')
  assert.equal((await instances.pod('sales')).metadata.deletionTimestamp, undefined)
  await instances.create('sales')
  await instances.untilCondition('sales', 'Scheduled', 'PodForeign')
  await instances.removePod('sales')
  await instances.untilPod('sales', theirs.metadata.uid)
  await running(instances, 'sales')
})

test('a pod that failed for good, evicted or out of room, is replaced and the reason told', async () => {
  const instances = instancesIn(client, namespaces.evicted)
  await instances.create('sales')
  const evicted = await instances.untilPod('sales')
  await running(instances, 'sales')
  await node.evict({ namespace: namespaces.evicted, name: 'sales' })
  const second = await instances.untilPod('sales', evicted.metadata.uid)
  await running(instances, 'sales')
  const status = { phase: 'Failed', reason: 'OutOfpods', message: 'Node did not have enough resource: pods' }
  await client.request('PATCH', `/api/v1/namespaces/${namespaces.evicted}/pods/sales/status`, {
    body: { status },
  })
  await instances.untilPod('sales', second.metadata.uid)
  await running(instances, 'sales')
  await until(async () => {
    const notes = (await notesOf(instances, 'PodStopped')).map(({ note }) => note)
    return notes.some((note) => /Evicted/.test(note)) && notes.some((note) => /OutOfpods/.test(note))
  }, PATIENCE)
})

test('somebody who edits the same resources all the time hinders nobody and loses nothing', async () => {
  const instances = instancesIn(client, namespaces.contended)
  const names = Array.from({ length: 5 }, (_, n) => `wa-${n}`)
  await Promise.all(names.map((name) => instances.create(name)))
  let rounds = 0
  let done = false
  const editing = Promise.all(
    names.map(async (name) => {
      for (let round = 1; !done || round <= 20; round++) {
        await instances.patch(name, { metadata: { labels: { round: String(round) } } })
        rounds += 1
      }
    }),
  )
  await Promise.all(names.map((name) => running(instances, name)))
  await Promise.all(names.map((name) => instances.patch(name, { spec: { operatingMode: 'Suspended' } })))
  await until(async () => (await instances.pods()).length === 0, PATIENCE)
  await Promise.all(names.map((name) => instances.patch(name, { spec: { operatingMode: 'Running' } })))
  await Promise.all(names.map((name) => running(instances, name)))
  done = true
  await editing
  assert.ok(rounds >= 100)
  for (const { metadata, spec } of await instances.list()) {
    assert.ok(Number(metadata.labels?.round) >= 20)
    assert.equal(spec.operatingMode, 'Running')
  }
  assert.match(await operator.metrics(), /^controller_runtime_reconcile_panics_total\{.*\} 0$/m)
  for (const name of names) await instances.remove(name)
  for (const name of names) await instances.untilGone('whatsappinstances', name)
})

test('when nothing changes, nothing is written', async () => {
  const instances = instancesIn(client, namespaces.idle)
  const names = Array.from({ length: 20 }, (_, n) => `wa-${n}`)
  await Promise.all(names.map((name) => instances.create(name)))
  await Promise.all(names.map((name) => running(instances, name)))
  const versions = async () => {
    const objects: { metadata: { name: string; resourceVersion?: string } }[] = [
      ...(await instances.list()),
      ...(await instances.pods()),
    ]
    return objects.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
  }
  /** The operator's requests that change something. Its lease is renewed with PUT, at the same pace whatever there is to do. */
  const writes = async () => {
    const lines = (await operator.metrics()).split('\n')
    return lines.filter((line) => /^rest_client_requests_total\{.*method="(POST|PATCH|DELETE)"/.test(line))
  }
  const everything = async () => [...(await versions()), ...(await writes())].sort()
  // Events are told a little later than what they are about.
  let before = await everything()
  await until(
    async () => {
      const earlier = before
      before = await everything()
      return isDeepStrictEqual(before, earlier)
    },
    { timeoutMs: 90_000, everyMs: 5_000, describe: 'the quiet' },
  )
  const began = performance.now()
  await until(() => performance.now() - began > 20_000, { timeoutMs: 30_000, everyMs: 500 })
  assert.deepEqual(await everything(), before)
})

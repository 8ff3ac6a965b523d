import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WhatsAppInstance } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { createMemoryCluster } from '@warren/runtime/cluster/memory'
import { silentLogger as logger } from '@warren/runtime/logger'
import { KEY_FILE, keySecretKeyOf } from '../../pods/session-pod.ts'
import { prepareTemplate } from '../../pods/template.ts'
import { MASTER_KEY, TEMPLATE } from '../../testing/operator-harness.ts'
import { createPods } from './create-pod.ts'

const KEY = 'default/sales'

async function setUp() {
  const clock = createFakeClock()
  const cluster = createMemoryCluster({ clock })
  const instance = await cluster.instances.create({
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'WhatsAppInstance',
    metadata: { name: 'sales' },
    spec: { organization: 'acme' },
  })
  const make = (secretEnv = TEMPLATE.secretEnv) =>
    createPods({
      cluster,
      clock,
      logger,
      masterKey: MASTER_KEY,
      template: prepareTemplate({ ...TEMPLATE, secretEnv }, MASTER_KEY),
      metrics: { sessionStarted() {} },
    })
  const secret = async () => {
    const found = await cluster.secrets.get(keySecretKeyOf(instance.metadata))
    return Object.fromEntries(
      Object.entries(found?.data ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
    )
  }
  return { clock, cluster, instance, make, secret }
}

async function takeName(cluster: ReturnType<typeof createMemoryCluster>, { metadata }: WhatsAppInstance) {
  const { namespace, name } = metadata
  const container = { name: 'theirs', command: ['theirs'] }
  await cluster.pods.create({
    metadata: { namespace, name },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 1, containers: [container] },
  })
}

test('the secret holds key and connection strings, follows their changes, and keeps the key', async () => {
  const { cluster, instance, make, secret } = await setUp()
  assert.equal(await make().create(instance, 1), 'created')
  const first = await secret()
  assert.equal(first.MONGODB_URI, TEMPLATE.secretEnv.MONGODB_URI)
  const changed = { MONGODB_URI: 'mongodb://new', REDIS_URL: 'redis://cache' }
  assert.equal(await make(changed).create(instance, 2), 'created')
  const second = await secret()
  assert.deepEqual(second, { ...changed, [KEY_FILE]: first[KEY_FILE] })
  await cluster.stop()
})

test('after a change of the master key the secret holds the keys of both, the newest first', async () => {
  const { cluster, clock, instance, make, secret } = await setUp()
  await make().create(instance, 1)
  const before = (await secret())[KEY_FILE]
  const next = { id: 2, bytes: new Uint8Array(32).fill(8) }
  const template = prepareTemplate({ ...TEMPLATE, previousMasterKeys: [MASTER_KEY] }, next)
  const metrics = { sessionStarted() {} }
  await createPods({ cluster, clock, logger, masterKey: next, template, metrics }).create(instance, 2)
  const [newest, ...others] = ((await secret())[KEY_FILE] ?? '').split(',')
  assert.match(newest ?? '', /^2:/)
  assert.deepEqual(others, [before])
  // Replaced by the new key, and by nothing else.
  const alone = prepareTemplate(TEMPLATE, next)
  assert.equal(alone.digest, template.digest)
  assert.notEqual(alone.digest, prepareTemplate(TEMPLATE, MASTER_KEY).digest)
  await cluster.stop()
})

test('a name that is taken by what is not seen may be our own pod; only later it is called foreign', async () => {
  const { clock, cluster, instance, make } = await setUp()
  await takeName(cluster, instance)
  const creation = make()
  const { requeueAfterMs } = (await creation.create(instance, 1)) as { requeueAfterMs: number }
  assert.equal(creation.refusalOf(KEY), undefined)
  await clock.advance(requeueAfterMs)
  await creation.create(instance, 1)
  assert.equal(creation.refusalOf(KEY)?.reason, 'PodForeign')
  await cluster.stop()
})

test('a secret of somebody else is left alone and told, and nobody asks again before its time', async () => {
  const { clock, cluster, instance, make } = await setUp()
  await cluster.secrets.create({
    metadata: keySecretKeyOf(instance.metadata),
    data: { theirs: new Uint8Array(1) },
  })
  const creation = make()
  const writes = cluster.writes()
  const { requeueAfterMs } = (await creation.create(instance, 1)) as { requeueAfterMs: number }
  assert.equal(creation.refusalOf(KEY)?.reason, 'PodRefused')
  assert.match(creation.refusalOf(KEY)?.message ?? '', /sales-session-key belongs to something else/)
  await clock.advance(requeueAfterMs / 2)
  assert.deepEqual(await creation.create(instance, 1), { requeueAfterMs: requeueAfterMs / 2 })
  assert.equal(cluster.writes(), writes)
  await cluster.stop()
})

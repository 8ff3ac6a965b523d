/** What goes wrong between us and a real API server, and that nothing is missed. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isWarrenError, type WhatsAppInstance } from '@warren/contracts'
import { systemClock as clock } from '../../clock/index.ts'
import { silentLogger } from '../../logger/index.ts'
import { createRegistry } from '../../metrics/index.ts'
import { type Cleanup, startGate, until } from '../../testing/index.ts'
import { ownControlPlane } from '../../testing/kubernetes/index.ts'
import { createKubernetesApi } from './api.ts'
import { createCredentials } from './credentials.ts'
import { isExpired } from './errors.ts'
import { createHttp } from './http.ts'
import { createKubernetesCluster } from './index.ts'
import { INSTANCES } from './resources.ts'

const plane = await ownControlPlane({ after })
const { client } = plane

/** The API server behind a gate. */
async function startProxy() {
  const gate = await startGate(new URL(plane.url))
  after(gate.stop)
  const { cut, port } = gate
  return { cut, kubeconfig: plane.kubeconfig.replaceAll(plane.url, `https://127.0.0.1:${port}`) }
}

function clusterOf(it: Cleanup, namespace: string, kubeconfig = plane.kubeconfig) {
  const registry = createRegistry({ service: 'test', version: '0', defaults: false })
  const cluster = createKubernetesCluster({
    connection: { kubeconfig: { text: kubeconfig } },
    namespaces: [namespace],
    fieldManager: 'test',
    identity: 'test',
    clock,
    // Short pauses.
    random: () => 0.05,
    logger: silentLogger,
    registry,
  })
  cluster.start()
  it.after(() => cluster.stop())
  return Object.assign(cluster, { registry })
}

const pathOf = (namespace: string, name = '') =>
  `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances/${name}`.replace(/\/$/, '')
const manifest = (namespace: string, name: string) => ({
  apiVersion: 'warren.dev/v1alpha1' as const,
  kind: 'WhatsAppInstance' as const,
  metadata: { namespace, name },
  spec: { organization: 'acme' },
})

/** Name and version of everything the server has. Just started, it may not be able to tell yet. */
async function truth(namespace: string): Promise<Record<string, string>> {
  const { items } = await until(
    () => client.request<{ items: WhatsAppInstance[] }>('GET', pathOf(namespace)),
    { timeoutMs: 20_000, everyMs: 50 },
  )
  return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
}

test('connections that break, an API server that restarts and a compacted history leave no gap', async (it) => {
  const namespace = await plane.createNamespace()
  const proxy = await startProxy()
  const cluster = clusterOf(it, namespace, proxy.kubeconfig)
  await cluster.synced
  /** What a listener that looks up each key it is told knows in the end. */
  const looked = new Map<string, string | undefined>()
  const watch = cluster.watch('instances', async (key) => {
    looked.set(key.name, (await cluster.instances.get(key))?.metadata.resourceVersion)
  })
  await watch.synced

  for (let round = 0; round < 60; round++) {
    const name = `i-${round % 12}`
    const path = pathOf(namespace, name)
    const exists = name in (await truth(namespace))
    if (!exists) await client.request('POST', pathOf(namespace), { body: manifest(namespace, name) })
    else if (round % 5 === 0) await client.request('DELETE', path)
    else await client.request('PATCH', path, { body: { spec: { displayName: `round ${round}` } } })
    // Removed and made again at once.
    if (round % 10 === 0 && exists)
      await client.request('POST', pathOf(namespace), { body: manifest(namespace, name) })
    if (round % 7 === 0) proxy.cut()
    if (round === 25) await plane.restartApiServer()
    if (round === 40) {
      await plane.compactEtcd()
      await plane.restartApiServer()
    }
  }
  const expected = await truth(namespace)
  const cached = async () => {
    const { items } = await cluster.instances.list()
    return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
  }
  await until(
    async () => (await sameAs(cached(), expected)) && sameAs(Promise.resolve(known(looked)), expected),
    {
      timeoutMs: 20_000,
      describe: 'the cache to hold what the server has',
    },
  )
  const metrics = await cluster.registry.metrics()
  const lists = Number(/warren_reflector_lists_total\{kind="whatsappinstances".*\} (\d+)/.exec(metrics)?.[1])
  assert.ok(lists >= 2, `${lists} lists: no gap was made`)
  watch.stop()
})

test('a version that is no longer kept is told as such', async () => {
  const namespace = await plane.createNamespace()
  const credentials = createCredentials({ kubeconfig: { text: plane.kubeconfig } }, clock)
  const http = createHttp({ credentials, clock, userAgent: 'test' })
  const api = createKubernetesApi(http, { fieldManager: 'test' })
  const { metadata } = await api.list(INSTANCES, { namespace })
  for (const name of ['a', 'b', 'c'])
    await client.request('POST', pathOf(namespace), { body: manifest(namespace, name) })
  await plane.compactEtcd()
  await plane.restartApiServer()
  const watching = async () => {
    const from = { namespace, resourceVersion: metadata.resourceVersion, timeoutSeconds: 5 }
    for await (const event of api.watch(INSTANCES, from, new AbortController().signal))
      if (event.type === 'ERROR') return event.object
    return undefined
  }
  const outcome = await watching().catch((error: unknown) => error)
  assert.ok(isExpired(outcome) || (outcome as { code?: number }).code === 410, JSON.stringify(outcome))
  http.stop()
})

test('of two that change the same thing at once both get their change in, through conflicts', async (it) => {
  const namespace = await plane.createNamespace()
  const clusters = [clusterOf(it, namespace), clusterOf(it, namespace)]
  await Promise.all(clusters.map(({ synced }) => synced))
  const key = { namespace, name: 'contended' }
  await clusters[0]?.instances.create(manifest(namespace, key.name))
  let conflicts = 0
  await Promise.all(
    clusters.map(async ({ instances }) => {
      for (let done = 0; done < 20; ) {
        const read = await instances.get(key)
        if (!read) await new Promise(setImmediate)
        else
          try {
            const epoch = (read.status?.epoch ?? 0) + 1
            const { epoch: stored } =
              (await instances.updateStatus(key, { epoch }, read.metadata)).status ?? {}
            assert.equal(stored, epoch)
            done += 1
          } catch (error) {
            if (!isWarrenError(error, 'conflict')) throw error
            conflicts += 1
            await new Promise(setImmediate)
          }
      }
    }),
  )
  const { status } = await client.request<WhatsAppInstance>('GET', pathOf(namespace, key.name))
  assert.equal(status?.epoch, 40)
  assert.ok(conflicts > 0, 'nobody was in the way of the other')
})

test("somebody else's pod under a name is found when it is in the way, and noticed when it goes", async (it) => {
  const namespace = await plane.createNamespace()
  const cluster = clusterOf(it, namespace)
  await cluster.synced
  const key = { namespace, name: 'sales' }
  const spec = { containers: [{ name: 'theirs', image: 'theirs' }] }
  const pods = `/api/v1/namespaces/${namespace}/pods`
  await client.request('POST', pods, {
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: key.name }, spec },
  })
  assert.equal(await cluster.pods.get(key), undefined)
  const told: string[] = []
  const watch = cluster.watch('pods', ({ name }) => told.push(name))
  await assert.rejects(
    cluster.pods.create({
      metadata: key,
      spec: {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'session', image: 'ours' }],
      },
    }),
    (error) => isWarrenError(error, 'already_exists'),
  )
  assert.equal((await cluster.pods.get(key))?.spec.containers[0].name, 'theirs')
  await client.request('DELETE', `${pods}/${key.name}`)
  await until(() => told.includes(key.name), { timeoutMs: 15_000, describe: 'the name to be free' })
  assert.equal(await cluster.pods.get(key), undefined)
  watch.stop()
})

const known = (looked: ReadonlyMap<string, string | undefined>) =>
  Object.fromEntries([...looked].filter(([, version]) => version !== undefined))

async function sameAs(found: Promise<unknown>, expected: unknown): Promise<boolean> {
  assert.deepEqual(await found, expected)
  return true
}

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '../until.ts'
import { KubernetesError, ownControlPlane } from './index.ts'

const file = { after }
const cluster = await ownControlPlane(file)
const { client, namespace } = cluster
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`
const configMap = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
})
const withStatus = (status: number) => (error: unknown) =>
  error instanceof KubernetesError && error.status === status

test('objects are stored, owners are followed by the garbage collector, and namespaces go with what is in them', async () => {
  const owner = await client.request('POST', configMaps, { body: configMap('owner') })
  const { name, uid } = owner.metadata
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }]
  await client.request('POST', configMaps, { body: configMap('owned', { ownerReferences }) })
  await assert.rejects(client.request('POST', configMaps, { body: configMap('owner') }), withStatus(409))
  await client.request('DELETE', `${configMaps}/owner`)
  await until(() => client.request('GET', `${configMaps}/owned`).then(() => false, withStatus(404)), {
    timeoutMs: 20_000,
    describe: 'the end of what was owned',
  })

  const other = await cluster.createNamespace()
  await client.request('POST', `/api/v1/namespaces/${other}/configmaps`, { body: configMap('x') })
  await client.request('DELETE', `/api/v1/namespaces/${other}`)
  await until(() => client.request('GET', `/api/v1/namespaces/${other}`).then(() => false, withStatus(404)), {
    timeoutMs: 30_000,
    describe: 'the end of the namespace',
  })
})

test('Warren’s resource is served, with its CEL rules', async () => {
  const path = `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances`
  const instance = (spec: object) => ({
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'WhatsAppInstance',
    metadata: { name: 'first' },
    spec,
  })
  await client.request('POST', path, { body: instance({ organization: 'acme' }) })
  await assert.rejects(
    client.apply(`${path}/first`, instance({ organization: 'other' })),
    (error: KubernetesError) => error.status === 422 && /organization/.test(error.message),
  )
})

test('a killed API server breaks its watches, keeps what was stored, and old revisions are gone after a compaction', async () => {
  const { metadata } = await client.request('POST', configMaps, { body: configMap('kept') })
  const told: string[] = []
  const watching = client.watch(
    `${configMaps}?resourceVersion=${metadata.resourceVersion}`,
    (event) => told.push(event.object.metadata.name),
    new AbortController().signal,
  )
  const ended = assert.rejects(watching, 'the watch breaks')
  await client.request('POST', configMaps, { body: configMap('seen') })
  await until(() => told.includes('seen'), { describe: 'the event' })
  await cluster.killApiServer()
  await ended
  await cluster.compactEtcd()
  await cluster.startApiServer()
  assert.equal((await client.request('GET', `${configMaps}/kept`)).metadata.uid, metadata.uid)
  await assert.rejects(
    client.watch(
      `${configMaps}?resourceVersion=${metadata.resourceVersion}`,
      () => {},
      AbortSignal.timeout(10_000),
    ),
    withStatus(410),
  )
})

/** What the conformance suite does not ask: rights, leases, labels of namespaces, nodes, and fields that others own. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isWarrenError, ORGANIZATION_LABEL, type WhatsAppInstance } from '@warren/contracts'
import { systemClock as clock } from '../../clock/index.ts'
import { silentLogger } from '../../logger/index.ts'
import { until } from '../../testing/index.ts'
import { limitedKubeconfig, withKubernetes } from '../../testing/kubernetes/index.ts'
import { createKubernetesCluster, type KubernetesClusterOptions } from './index.ts'

const kubernetes = await withKubernetes({ after })
const { client, namespace } = kubernetes

function clusterOf(options: Partial<KubernetesClusterOptions> = {}) {
  const cluster = createKubernetesCluster({
    connection: { kubeconfig: { path: kubernetes.kubeconfigFile } },
    fieldManager: 'test',
    identity: 'test',
    clock,
    logger: silentLogger,
    ...options,
  })
  cluster.start()
  after(() => cluster.stop())
  return cluster
}

const everywhere = clusterOf()
const here = clusterOf({ namespaces: [namespace] })
await Promise.all([everywhere.synced, here.synced])

const manifest = (name: string) => ({
  apiVersion: 'warren.dev/v1alpha1' as const,
  kind: 'WhatsAppInstance' as const,
  metadata: { namespace, name },
  spec: { organization: 'acme' },
})

test('of two writers of a lease the slower one is told', async () => {
  const [one, two] = [here, everywhere].map((cluster) => cluster.leases({ namespace, name: 'contended' }))
  assert.ok(one && two)
  assert.equal(await one.read(), undefined)
  const at = '2026-01-01T00:00:00.123Z'
  const record = { holder: 'one', durationSeconds: 15, acquiredAt: at, renewedAt: at, transitions: 0 }
  const made = await one.write(record, undefined)
  await assert.rejects(two.write({ ...record, holder: 'two' }, undefined), (error) =>
    isWarrenError(error, 'already_exists'),
  )
  const seen = await two.read()
  assert.deepEqual(seen, made)
  await one.write({ ...record, holder: '' }, made.version)
  await assert.rejects(two.write({ ...record, holder: 'two' }, made.version), (error) =>
    isWarrenError(error, 'conflict'),
  )
})

test('the organisation of a namespace is known, and its instances are told when it changes', async () => {
  const labelled = await kubernetes.createNamespace({ [ORGANIZATION_LABEL]: 'acme' })
  await until(async () => (await everywhere.namespaces.organizationOf(labelled)) === 'acme')
  const limited = clusterOf({ namespaces: [labelled] })
  assert.equal(await limited.namespaces.organizationOf(labelled), 'acme')
  assert.equal(await everywhere.namespaces.organizationOf(namespace), undefined)
  await everywhere.instances.create({
    ...manifest('sales'),
    metadata: { namespace: labelled, name: 'sales' },
  })
  const organizationOf = () => everywhere.namespaces.organizationOf(labelled)
  /** What one finds who looks when told. */
  const found: (string | undefined)[] = []
  const watch = everywhere.watch('instances', async (key) => {
    if (key.namespace === labelled) found.push(await organizationOf())
  })
  await watch.synced
  const path = `/api/v1/namespaces/${labelled}`
  await client.request('PATCH', path, { body: { metadata: { labels: { [ORGANIZATION_LABEL]: 'other' } } } })
  await until(() => found.includes('other'))
  watch.stop()
})

test('a node is unreachable since the control plane says so, or since it is missed', async () => {
  const { nodes } = everywhere
  const name = `${namespace}-node`
  const missed = await nodes.unreachableSince(name)
  assert.ok(missed)
  assert.equal(await nodes.unreachableSince(name), missed)
  await client.request('POST', '/api/v1/nodes', {
    body: { apiVersion: 'v1', kind: 'Node', metadata: { name } },
  })
  after(() => client.request('DELETE', `/api/v1/nodes/${name}`))
  await until(async () => (await nodes.unreachableSince(name)) === undefined)
  const lastTransitionTime = '2026-01-01T00:00:00Z'
  const conditions = [{ type: 'Ready', status: 'Unknown', lastTransitionTime }]
  await client.request('PATCH', `/api/v1/nodes/${name}/status`, { body: { status: { conditions } } })
  await until(async () => (await nodes.unreachableSince(name)) === lastTransitionTime)
  assert.equal(
    await here.nodes.unreachableSince(name),
    undefined,
    'nothing is known of nodes where none may be read',
  )
})

test("the status becomes what the operator says, also where somebody else's field is in it", async () => {
  const created = await here.instances.create(manifest('meddled'))
  const path = `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances/meddled/status`
  await client.apply(path, { ...manifest('meddled'), spec: undefined, status: { epoch: 9 } })
  const read = await until(async () => {
    const instance = await here.instances.get(created.metadata)
    return instance?.status?.epoch === 9 ? instance : undefined
  })
  const written = await here.instances.updateStatus(created.metadata, { phase: 'Pending' }, read.metadata)
  assert.deepEqual(written.status, { phase: 'Pending' })
  const again = await here.instances.updateStatus(created.metadata, { phase: 'Pending' }, written.metadata)
  assert.equal(again.metadata.resourceVersion, written.metadata.resourceVersion, 'what is so is not written')
})

test('who may not is told so; what is not watched cannot be read', async () => {
  const rules = [
    { apiGroups: ['warren.dev'], resources: ['whatsappinstances'], verbs: ['get', 'list', 'watch'] },
  ]
  const text = await limitedKubeconfig(kubernetes, { namespace, name: 'reader', rules })
  const reader = clusterOf({
    connection: { kubeconfig: { text } },
    namespaces: [namespace],
    scope: 'instances',
  })
  await reader.synced
  await assert.rejects(reader.instances.create(manifest('forbidden')), (error) =>
    isWarrenError(error, 'forbidden'),
  )
  await assert.rejects(reader.pods.get({ namespace, name: 'a' }), /pods are not watched by this process/)
  assert.equal(await reader.namespaces.organizationOf(namespace), undefined)
})

test('an instance made by kubectl is as small in the cache as one of ours', async () => {
  const path = `/apis/warren.dev/v1alpha1/namespaces/${namespace}/whatsappinstances/applied`
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'example.com/kept': '1' }
  await client.apply(path, {
    ...manifest('applied'),
    metadata: { ...manifest('applied').metadata, annotations },
  })
  const applied = await until(() => here.instances.get({ namespace, name: 'applied' }))
  assert.deepEqual(applied.metadata.annotations, { 'example.com/kept': '1' })
  assert.equal(
    (applied.metadata as WhatsAppInstance['metadata'] & { managedFields?: unknown }).managedFields,
    undefined,
  )
})

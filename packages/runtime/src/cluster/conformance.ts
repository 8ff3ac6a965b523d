/** What every cluster promises, whatever stands behind it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  type InstanceManifest,
  isWarrenError,
  type ResourceKey,
  type WhatsAppInstance,
} from '@warren/contracts'
import { until } from '../testing/index.ts'
import type { SessionPodManifest } from './pod.ts'
import type { Cluster } from './port.ts'

export type ConformanceHarness = {
  readonly cluster: Cluster
  /** Where nothing is yet; `default` unless told. */
  readonly namespace?: string
  /** A pod that runs until it is told to stop. */
  readonly idle: { readonly command: readonly string[]; readonly image?: string }
  stop(): Promise<void>
}

export function clusterConformance(name: string, make: () => Promise<ConformanceHarness>): void {
  describe(`${name} as a Cluster`, () => {
    let harness: ConformanceHarness
    let cluster: Cluster
    let namespace: string
    before(async () => {
      harness = await make()
      cluster = harness.cluster
      namespace = harness.namespace ?? 'default'
    })

    function manifest(name: string, spec: Partial<InstanceManifest['spec']> = {}): InstanceManifest {
      return {
        apiVersion: 'warren.dev/v1alpha1',
        kind: 'WhatsAppInstance',
        metadata: { name, ...(harness.namespace ? { namespace } : {}) },
        spec: { organization: 'acme', ...spec },
      }
    }
    after(() => harness.stop())

    test('creates with defaults, and once only', async () => {
      const created = await cluster.instances.create(manifest('first'))
      assert.equal(created.spec.operatingMode, 'Running')
      assert.deepEqual(created.spec.pairing, { method: 'QR', maxAttempts: 3, showInStatus: false })
      assert.equal(created.metadata.namespace, namespace)
      assert.equal(created.metadata.generation, 1)
      assert.deepEqual(await cluster.instances.get(keyOf(created)), created)
      await rejects('already_exists', cluster.instances.create(manifest('first')))
    })

    test('refuses what the schema or a rule forbids, and names the field', async () => {
      const error = await rejects(
        'validation_failed',
        cluster.instances.create(manifest('bad', { pairing: { maxAttempts: 9 } })),
      )
      assert.match(error.message, /spec\.pairing\.maxAttempts must be at most 6/)
      assert.equal(error.details.fields?.[0]?.path, 'spec.pairing.maxAttempts')
      await rejects(
        'validation_failed',
        cluster.instances.create(manifest('bad', { pairing: { method: 'Code' } })),
      )
      for (const name of ['x'.repeat(161), 'sales--2', 'Sales'])
        await rejects('validation_failed', cluster.instances.create(manifest(name)))
      const named = await rejects('validation_failed', cluster.instances.create(manifest('sales--2')))
      assert.match(named.message, /must not end in two dashes and a number/)
      const created = await cluster.instances.create(manifest('fixed'))
      const moved = await rejects(
        'validation_failed',
        cluster.instances.patch(keyOf(created), { spec: { organization: 'other' } }),
      )
      assert.match(moved.message, /organization cannot be changed/)
      assert.equal(await cluster.instances.get({ namespace, name: 'bad' }), undefined)
    })

    test('patches like JSON merge patch and counts generations of the spec alone', async () => {
      const key = keyOf(await cluster.instances.create(manifest('patched', { displayName: 'Sales' })))
      const suspended = await cluster.instances.patch(key, {
        spec: { operatingMode: 'Suspended', displayName: null },
      })
      assert.equal(suspended.spec.operatingMode, 'Suspended')
      assert.equal(suspended.spec.displayName, undefined)
      assert.equal(suspended.metadata.generation, 2)
      const annotated = await cluster.instances.patch(key, { annotations: { 'example.com/a': '1' } })
      assert.equal(annotated.metadata.annotations?.['example.com/a'], '1')
      assert.equal(annotated.metadata.generation, 2)
      const again = await cluster.instances.patch(key, { annotations: { 'example.com/a': '1' } })
      assert.equal(again.metadata.resourceVersion, annotated.metadata.resourceVersion)
      const removed = await cluster.instances.patch(key, { spec: { operatingMode: null } })
      assert.equal(removed.spec.operatingMode, 'Running', 'a removed field gets its default')
    })

    test('a write that was decided on something older is refused', async () => {
      const created = await cluster.instances.create(manifest('raced'))
      const { resourceVersion } = created.metadata
      await cluster.instances.patch(keyOf(created), { spec: { displayName: 'newer' } })
      for (const write of [
        () => cluster.instances.patch(keyOf(created), { spec: { displayName: 'x' } }, { resourceVersion }),
        () => cluster.instances.updateStatus(keyOf(created), { phase: 'Pending' }, { resourceVersion }),
        () => cluster.instances.setFinalizers(keyOf(created), ['a/b'], { resourceVersion }),
        () => cluster.instances.delete(keyOf(created), { uid: 'of-another' }),
      ])
        await rejects('conflict', write())
      await rejects('not_found', cluster.instances.delete({ namespace, name: 'nobody' }))
    })

    test('keeps status apart from spec', async () => {
      const created = await cluster.instances.create(manifest('reported'))
      const status = { phase: 'Pairing', observedGeneration: 1 } as const
      const written = await cluster.instances.updateStatus(keyOf(created), status, created.metadata)
      assert.deepEqual(written.status, status)
      assert.equal(written.metadata.generation, 1)
      assert.deepEqual(written.spec, created.spec)
      const patched = await cluster.instances.patch(keyOf(created), { spec: { displayName: 'x' } })
      assert.deepEqual(patched.status, status)
    })

    test('the linked number cannot be changed', async () => {
      const created = await cluster.instances.create(manifest('linked'))
      await cluster.instances.updateStatus(
        keyOf(created),
        { account: { jid: '1@s.whatsapp.net', phone: '1' } },
        created.metadata,
      )
      const change = cluster.instances.patch(keyOf(created), {
        spec: { pairing: { phoneNumber: '4915112345678' } },
      })
      await rejects('validation_failed', change)
    })

    test('lists by organisation, label and page', async () => {
      for (const name of ['l-1', 'l-2', 'l-3'])
        await cluster.instances.create({ ...manifest(name, { organization: 'listed' }) })
      await cluster.instances.patch({ namespace, name: 'l-3' }, { labels: { tier: 'gold' } })
      const first = await cluster.instances.list({ namespace, organization: 'listed', limit: 2 })
      assert.deepEqual(names(first.items), ['l-1', 'l-2'])
      assert.ok(first.continueToken)
      const { continueToken } = first
      const second = await cluster.instances.list({
        namespace,
        organization: 'listed',
        limit: 2,
        continueToken,
      })
      assert.deepEqual(names(second.items), ['l-3'])
      assert.equal(second.continueToken, undefined)
      assert.deepEqual(names((await cluster.instances.list({ namespace, labels: { tier: 'gold' } })).items), [
        'l-3',
      ])
    })

    test('a finalizer holds a deleted instance, and its pod and secret go with it', async () => {
      const { instances, pods, secrets } = cluster
      const created = await instances.create(manifest('ended'))
      const key = keyOf(created)
      const owned = await instances.setFinalizers(key, ['warren.dev/session'], created.metadata)
      await pods.create(podOf(owned, harness.idle))
      await secrets.create({
        metadata: { namespace: key.namespace, name: 'ended-key', ownerReferences: [ownerOf(owned)] },
        data: { key: new Uint8Array([1, 2, 3]) },
      })
      assert.deepEqual([...((await secrets.get({ ...key, name: 'ended-key' }))?.data.key ?? [])], [1, 2, 3])
      const ended = { ...key, name: 'ended-key' }
      await secrets.update(ended, { key: new Uint8Array([4]), uri: new Uint8Array([5]) })
      await secrets.update(ended, { uri: new Uint8Array([6]) })
      const updated = await secrets.get(ended)
      assert.deepEqual(Object.keys(updated?.data ?? {}), ['uri'])
      assert.deepEqual([...(updated?.data.uri ?? [])], [6])
      assert.ok(updated?.metadata.ownerReferences?.length, 'its owner stays')
      await rejects('not_found', secrets.update({ ...key, name: 'nothing' }, {}))
      await instances.delete(key)
      await instances.delete(key)
      const marked = await instances.get(key)
      assert.ok(marked?.metadata.deletionTimestamp)
      assert.ok(await pods.get(key), 'the pod stays while the instance does')
      await instances.setFinalizers(key, [], marked.metadata)
      assert.equal(await instances.get(key), undefined)
      await until(async () => (await pods.get(key)) === undefined)
      await until(async () => (await secrets.get({ ...key, name: 'ended-key' })) === undefined)
    })

    test('a pod has one name, runs, and is gone when it is gone', async () => {
      const { instances, pods } = cluster
      const owner = await instances.create(manifest('podded'))
      const pod = await pods.create(podOf(owner, harness.idle))
      assert.equal(pod.status.phase, 'Pending')
      await rejects('already_exists', pods.create(podOf(owner, harness.idle)))
      const key = keyOf(owner)
      const running = async () =>
        (await pods.get(key))?.status.containerStatuses?.[0]?.state.running !== undefined
      await until(running)
      const listed = await pods.list({ labels: { 'app.kubernetes.io/component': 'session' } })
      assert.ok(names(listed.items).includes('podded'))
      await rejects('conflict', pods.delete(key, { uid: 'of-another' }))
      await pods.delete(key, { uid: pod.metadata.uid })
      await until(async () => (await pods.get(key)) === undefined)
      await rejects('not_found', pods.delete(key))
      const second = await pods.create(podOf(owner, harness.idle))
      assert.notEqual(second.metadata.uid, pod.metadata.uid)
    })

    test('a watch tells what exists, then each change', async () => {
      const created = await cluster.instances.create(manifest('watched'))
      const told: { name: string; initial: boolean }[] = []
      const watch = cluster.watch('instances', ({ name }, initial) => told.push({ name, initial }))
      await watch.synced
      const initial = told.filter(({ name }) => name === 'watched')
      assert.ok(initial.some((one) => one.initial))
      told.length = 0
      await cluster.instances.patch(keyOf(created), { spec: { displayName: 'seen' } })
      await until(async () => told.some(({ name }) => name === 'watched'))
      told.length = 0
      await cluster.instances.delete(keyOf(created))
      await until(async () => told.some(({ name }) => name === 'watched'))
      watch.stop()
    })

    test('what is read cannot be changed by the reader', async () => {
      const created = await cluster.instances.create(manifest('frozen'))
      assert.throws(() => {
        created.spec.operatingMode = 'Suspended'
      }, TypeError)
    })
  })
}

function podOf(owner: WhatsAppInstance, idle: ConformanceHarness['idle']): SessionPodManifest {
  return {
    metadata: {
      ...keyOf(owner),
      labels: { 'app.kubernetes.io/component': 'session', 'app.kubernetes.io/managed-by': 'warren-operator' },
      ownerReferences: [ownerOf(owner)],
    },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 5,
      containers: [{ name: 'session', ...idle }],
    },
  }
}

const keyOf = ({ metadata: { namespace, name } }: WhatsAppInstance): ResourceKey => ({ namespace, name })
const ownerOf = ({ apiVersion, kind, metadata: { name, uid } }: WhatsAppInstance) => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
})
const names = (items: readonly { readonly metadata: { readonly name: string } }[]) =>
  items.map(({ metadata }) => metadata.name)

async function rejects(code: Parameters<typeof isWarrenError>[1], call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(isWarrenError(error, code), `expected ${code}, got ${error}`)
  return error
}

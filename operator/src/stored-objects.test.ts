/**
 * Objects that released versions stored are read, kept and worked on by this one. A version has one file: the least that can be, one
 * instance with everything, one that is being deleted. A file is never changed after the release.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FINALIZER, type InstanceManifest, type WhatsAppInstance } from '@warren/contracts'
import { decidePod } from './controllers/instance-pod/decide.ts'
import { statusOf } from './controllers/session-status/status-of.ts'
import { sessionPodOf } from './pods/session-pod.ts'
import { podOf, podsOf } from './testing/objects.ts'
import { createHarness, PREPARED } from './testing/operator-harness.ts'

const folder = join(import.meta.dirname, 'testing', 'stored')

for (const file of readdirSync(folder)) {
  const stored = JSON.parse(readFileSync(join(folder, file), 'utf8')) as WhatsAppInstance[]

  test(`${file}: the API server takes every field and loses none`, async () => {
    const it = createHarness()
    for (const { apiVersion, kind, metadata, spec, status } of stored) {
      const { namespace, name, labels = {}, annotations = {} } = metadata
      const manifest: InstanceManifest = {
        apiVersion,
        kind,
        metadata: { namespace, name, labels, annotations },
        spec,
      }
      const created = await it.cluster.instances.create(manifest)
      assertKept(created.spec, spec)
      assertKept(created.metadata, { labels, annotations })
      if (!status) continue
      const written = await it.cluster.instances.updateStatus(metadata, status, created.metadata)
      assert.deepEqual(written.status, status)
    }
    await it.stop()
  })

  test(`${file}: the operator works on what has no field of later versions`, () => {
    for (const instance of stored) {
      const pods = podsOf(instance, podOf(instance))
      const view = { pods, obstacle: null, rollFailed: false, session: null, now: new Date() }
      assert.equal(statusOf({ ...view, instance }).observedGeneration, instance.metadata.generation)
      const desired = sessionPodOf(instance, PREPARED)
      const deletion = instance.metadata.deletionTimestamp ? 'stopPod' : 'none'
      const action = decidePod({ instance, pods, desired, deletion, obstacle: undefined })
      const ends = instance.metadata.deletionTimestamp !== undefined
      assert.equal(action.do, ends ? 'delete' : 'nothing')
    }
  })

  test(`${file}: an operator that finds them gives each what it needs`, async () => {
    const it = createHarness()
    for (const { apiVersion, kind, metadata, spec } of stored)
      await it.cluster.instances.create({ apiVersion, kind, metadata: { name: metadata.name }, spec })
    await it.operator.start()
    await it.settle(100)
    for (const { metadata, spec } of stored) {
      const pod = await it.cluster.pods.get(it.key(metadata.name))
      assert.equal(pod !== undefined, spec.operatingMode === 'Running', metadata.name)
      assert.deepEqual((await it.instance(metadata.name)).metadata.finalizers, [FINALIZER])
    }
    await it.stop()
  })
}

/** Everything that was there is there, defaults of newer fields may have come. */
function assertKept(actual: unknown, expected: unknown): void {
  if (typeof expected !== 'object' || expected === null) {
    assert.deepEqual(actual, expected)
    return
  }
  for (const [name, value] of Object.entries(expected)) {
    if (typeof value === 'object' && Object.keys(value).length === 0) continue
    assertKept((actual as Record<string, unknown>)[name], value)
  }
}

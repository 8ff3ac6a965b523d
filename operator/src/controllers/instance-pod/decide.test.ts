import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FINALIZER, RESTARTED_AT_ANNOTATION, type WhatsAppInstance } from '@warren/contracts'
import type { SessionPod } from '@warren/runtime/cluster'
import { sessionPodOf } from '../../pods/session-pod.ts'
import type { Obstacle } from '../../pods/verdicts.ts'
import { INSTANCE, podOf, podsOf } from '../../testing/objects.ts'
import { PREPARED } from '../../testing/operator-harness.ts'
import type { DeletionStage } from '../deletion/decide.ts'
import { decidePod } from './decide.ts'

type Row = {
  when: string
  instance?: (it: WhatsAppInstance) => void
  pod?: ((it: SessionPod) => SessionPod) | 'none'
  deletion?: DeletionStage
  obstacle?: Obstacle
  expected: string
}

const LIMIT: Obstacle = { reason: 'InstanceLimit', message: 'full' }
const MISMATCH: Obstacle = { reason: 'OrganizationMismatch', message: 'theirs' }

const rows: Row[] = [
  { when: 'there is no pod', pod: 'none', expected: 'create' },
  {
    when: 'the finalizer is not there yet',
    instance: (it) => delete it.metadata.finalizers,
    pod: 'none',
    expected: 'nothing',
  },
  { when: 'the pod is right', expected: 'nothing' },
  { when: 'over the limit, without a pod', pod: 'none', obstacle: LIMIT, expected: 'nothing' },
  { when: 'over a limit that became smaller, with a pod', obstacle: LIMIT, expected: 'nothing' },
  { when: "another organisation's namespace", obstacle: MISMATCH, expected: 'delete OrganizationMismatch' },
  { when: 'suspended, with a pod', instance: suspend, expected: 'delete Suspended' },
  { when: 'suspended, without', instance: suspend, pod: 'none', expected: 'nothing' },
  { when: 'deleted', instance: remove, deletion: 'stopPod', expected: 'delete Deleted' },
  { when: 'deleted, to be logged out first', instance: remove, deletion: 'logout', expected: 'nothing' },
  {
    when: 'deleted, suspended, to be logged out',
    instance: both,
    pod: 'none',
    deletion: 'logout',
    expected: 'create',
  },
  { when: 'deleted, nothing left', instance: remove, pod: 'none', deletion: 'release', expected: 'nothing' },
  { when: 'a restart was asked for', instance: restart, expected: 'delete RestartRequested followed' },
  {
    when: 'the number of attempts changed',
    instance: reconfigure,
    expected: 'delete TemplateChanged followed',
  },
  {
    when: 'the pod was evicted',
    pod: (it) => ({ ...it, status: { phase: 'Failed' } }),
    expected: 'delete PodEnded',
  },
  { when: 'the pod is ending', instance: suspend, pod: ending, expected: 'nothing' },
  {
    when: "the pod is somebody else's",
    instance: suspend,
    pod: (it) => ownedBy(it, 'Pod', 'other'),
    expected: 'nothing',
  },
  {
    when: "the pod is a predecessor's",
    pod: (it) => ownedBy(it, 'WhatsAppInstance', INSTANCE.metadata.name),
    expected: 'nothing',
  },
]

for (const { when, instance: change, pod: changePod, deletion = 'none', obstacle, expected } of rows)
  test(`${when}: ${expected}`, () => {
    const instance = structuredClone(INSTANCE)
    const pod = changePod === 'none' ? undefined : (changePod ?? ((it) => it))(podOf(instance))
    change?.(instance)
    const desired = sessionPodOf(instance, PREPARED)
    const pods = podsOf(instance, pod)
    const action = decidePod({ instance, pods, desired, deletion, obstacle })
    const told =
      action.do === 'delete' ? `delete ${action.reason}${action.followed ? ' followed' : ''}` : action.do
    assert.equal(told, expected)
    if (action.do === 'delete') assert.equal(action.pod, pod)
  })

function suspend(it: WhatsAppInstance): void {
  it.spec.operatingMode = 'Suspended'
}
function remove(it: WhatsAppInstance): void {
  it.metadata.deletionTimestamp = '2026-01-01T00:00:00.000Z'
  it.metadata.finalizers = [FINALIZER]
}
function both(it: WhatsAppInstance): void {
  suspend(it)
  remove(it)
}
function restart(it: WhatsAppInstance): void {
  it.metadata.annotations = { [RESTARTED_AT_ANNOTATION]: 'now' }
}
function reconfigure(it: WhatsAppInstance): void {
  it.spec.pairing.maxAttempts = 5
}
function ending(it: SessionPod): SessionPod {
  return { ...it, metadata: { ...it.metadata, deletionTimestamp: '2026-01-01T00:00:00.000Z' } }
}
function ownedBy(it: SessionPod, kind: string, name: string): SessionPod {
  const owner = { apiVersion: 'x', kind, name, uid: 'another', controller: true }
  return { ...it, metadata: { ...it.metadata, ownerReferences: [owner] } }
}

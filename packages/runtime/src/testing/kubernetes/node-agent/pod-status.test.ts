import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodePod } from './pod.ts'
import { type ContainerReport, type ContainerState, statusOf } from './pod-status.ts'

const placed = { podIP: '127.64.0.1', hostIP: '127.0.0.1', startTime: 'T0' }
const terminated = (exitCode: number): ContainerState => ({
  terminated: { exitCode, reason: 'x', startedAt: 'T0', finishedAt: 'T1' },
})
const running: ContainerState = { running: { startedAt: 'T0' } }
const waiting: ContainerState = { waiting: { reason: 'x' } }

function pod(restartPolicy: 'Always' | 'OnFailure' | 'Never' = 'Always', deleted = false): NodePod {
  const metadata = { namespace: 'n', name: 'p', uid: 'u', resourceVersion: '1' }
  return {
    metadata: deleted ? { ...metadata, deletionTimestamp: 'T1' } : metadata,
    spec: { restartPolicy, containers: [] },
  }
}

function container(state: ContainerState, more: Partial<ContainerReport> = {}): ContainerReport {
  return { name: 'main', image: 'i', restartCount: 0, ready: false, started: false, state, ...more }
}

test('the phase follows from the containers and the restart policy', () => {
  const phase = (of: NodePod, ...containers: ContainerReport[]) => statusOf(of, placed, containers, 'T').phase
  assert.equal(phase(pod(), container(waiting)), 'Pending')
  assert.equal(phase(pod(), container(running), container(waiting)), 'Pending')
  assert.equal(phase(pod(), container(running)), 'Running')
  assert.equal(phase(pod(), container(waiting, { lastState: terminated(1) })), 'Running')
  assert.equal(phase(pod(), container(terminated(0))), 'Running')
  assert.equal(phase(pod('OnFailure'), container(terminated(1))), 'Running')
  assert.equal(phase(pod('OnFailure'), container(terminated(0))), 'Succeeded')
  assert.equal(phase(pod('Never'), container(terminated(1))), 'Failed')
  assert.equal(phase(pod('Always', true), container(terminated(0))), 'Succeeded')
  assert.equal(phase(pod('Always', true), container(terminated(137))), 'Failed')
})

test('a pod is ready when all its containers are, and conditions keep the time of their last change', () => {
  const ready = container(running, { ready: true, started: true })
  const condition = (status: ReturnType<typeof statusOf>) =>
    status.conditions.find(({ type }) => type === 'Ready')
  const first = statusOf(pod(), placed, [ready, container(running)], 'T1')
  assert.partialDeepStrictEqual(condition(first), { status: 'False', reason: 'ContainersNotReady' })
  const same = statusOf(pod(), placed, [container(waiting), ready], 'T2', first)
  assert.equal(condition(same)?.lastTransitionTime, 'T1')
  const changed = statusOf(pod(), placed, [ready], 'T3', same)
  assert.partialDeepStrictEqual(condition(changed), { status: 'True', lastTransitionTime: 'T3' })
})

test('what ended as a whole has failed, whatever its containers say', () => {
  const over = { reason: 'Evicted', message: 'short of memory' }
  const status = statusOf(pod(), placed, [container(running, { ready: true })], 'T', undefined, over)
  assert.partialDeepStrictEqual(status, { phase: 'Failed', ...over })
  assert.ok(status.conditions.every(({ type, status }) => type === 'Initialized' || status === 'False'))
})

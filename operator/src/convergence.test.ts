/** Level-triggered, whatever happened before: the loops reach what the specs ask for, and then rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWarrenError, RESTARTED_AT_ANNOTATION, type SessionPhase } from '@warren/contracts'
import fc from 'fast-check'
import { ownershipOf } from './pods/ownership.ts'
import { ACCOUNT, createHarness, type Harness } from './testing/operator-harness.ts'

const NAMES = ['a', 'b'] as const
type Name = (typeof NAMES)[number]

/** What users, nodes and sessions may do at any time. */
const ACTIONS: Record<string, (it: Harness, name: Name) => Promise<unknown>> = {
  create: (it, name) => it.create(name, { deletionPolicy: name === 'a' ? 'Logout' : 'Delete' }),
  delete: (it, name) => it.cluster.instances.delete(it.key(name)),
  suspend: (it, name) => it.cluster.instances.patch(it.key(name), { spec: { operatingMode: 'Suspended' } }),
  resume: (it, name) => it.cluster.instances.patch(it.key(name), { spec: { operatingMode: 'Running' } }),
  restart: (it, name) =>
    it.cluster.instances.patch(it.key(name), {
      annotations: { [RESTARTED_AT_ANNOTATION]: it.clock.now().toISOString() },
    }),
  reconfigure: (it, name) =>
    it.cluster.instances.patch(it.key(name), { spec: { pairing: { maxAttempts: 5 } } }),
  connect: (it, name) => it.report(name, { phase: 'connected', account: ACCOUNT }),
  start: (it, name) => it.report(name, { phase: 'starting' }),
  logOut: (it, name) => it.report(name, { phase: 'loggedOut' satisfies SessionPhase }),
  crash: async (it, name) => it.cluster.kubelet.crash(it.key(name), 1),
  deletePod: async (it, name) => {
    const pod = await it.cluster.pods.get(it.key(name))
    if (pod?.metadata.ownerReferences) await it.cluster.pods.delete(it.key(name))
  },
  hold: async (it) => it.cluster.kubelet.hold(true),
  wait: (it) => it.settle(20),
  waitLong: (it) => it.clock.advance(20_000),
}

const plan = fc.array(
  fc.record({ do: fc.constantFrom(...Object.keys(ACTIONS)), name: fc.constantFrom(...NAMES) }),
  {
    maxLength: 25,
  },
)

test('from any history to what is asked, with one pod an instance, and then no writes', async () => {
  await fc.assert(
    fc.asyncProperty(plan, fc.boolean(), async (steps, foreign) => {
      const it = createHarness()
      const theirs = foreign ? await foreignPod(it) : undefined
      await it.operator.start()
      for (const { do: action, name } of steps) await attempt(() => ACTIONS[action]?.(it, name))
      await letEverythingEnd(it)

      for (const name of NAMES) {
        const instance = await it.cluster.instances.get(it.key(name))
        const pod = await it.cluster.pods.get(it.key(name))
        assert.ok(!instance?.metadata.deletionTimestamp, `${name} is still being deleted`)
        assert.ok(it.cluster.kubelet.mostAtOnce(it.key(name)) <= 1, `${name} had two pods`)
        if (theirs && name === 'a') {
          assert.equal(pod?.metadata.uid, theirs.metadata.uid, 'a foreign pod was touched')
          continue
        }
        const wanted = instance?.spec.operatingMode === 'Running'
        assert.equal(pod !== undefined, wanted, `${name}: pod ${pod?.status.phase}, wanted ${wanted}`)
        if (!instance) continue
        if (pod) assert.equal(ownershipOf(pod, instance), 'ours')
        assert.equal(instance.status?.observedGeneration, instance.metadata.generation)
      }

      const writes = it.cluster.writes()
      await it.clock.advance(1_300_000)
      assert.equal(it.cluster.writes(), writes, 'something is still written')
      await it.stop()
      assert.equal(it.clock.pendingTimers(), 0)
    }),
    { numRuns: 150 },
  )
})

/** Requests that make no sense at the moment are refused, as by a real API server. */
async function attempt(action: () => Promise<unknown> | undefined): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!isWarrenError(error)) throw error
  }
}

/** Nodes confirm, sessions that ended let go, deadlines and back-offs pass. */
async function letEverythingEnd(it: Harness): Promise<void> {
  it.cluster.kubelet.hold(false)
  for (let round = 0; round < 4; round++) {
    for (const name of NAMES) {
      it.cluster.kubelet.begin(it.key(name))
      it.cluster.kubelet.release(it.key(name))
    }
    await it.clock.advance(65_000)
    await it.settle(100)
  }
}

async function foreignPod(it: Harness) {
  const container = { name: 'theirs', command: ['theirs'] }
  return it.cluster.pods.create({
    metadata: it.key('a'),
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 1, containers: [container] },
  })
}

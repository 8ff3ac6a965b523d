import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { silentLogger as logger } from '@warren/runtime/logger'
import { INSTANCE, podOf, sessionOf } from '../testing/objects.ts'
import { createRoll } from './roll.ts'

test('a turn that is not needed any more, since the spec was changed back, holds no place in the bounds', async () => {
  const clock = createFakeClock()
  const turns: string[] = []
  const expiresAt = new Date(clock.now().getTime() + 3_600_000)
  const roll = createRoll({
    sessions: { sessions: async () => [{ ...sessionOf({ phase: 'connected' }), expiresAt }] },
    fleet: { complete: () => true, running: () => 10, unavailable: () => new Map() },
    bounds: { maxUnavailable: 0.1, maxUnavailablePerOrganization: 1 },
    clock,
    logger,
    onTurn: (key) => turns.push(key),
    onLost() {},
    onPaused() {},
  })
  roll.start()
  const pod = podOf(INSTANCE)
  assert.equal(roll.mayReplace(INSTANCE, pod), false)
  await clock.advance(2_000)
  assert.deepEqual(turns, ['default/sales'])
  assert.deepEqual(roll.counts(), { waiting: 0, moving: 1 })

  // Its turn came, the pacer made it wait, and meanwhile the pod became right again.
  assert.equal(roll.mayReplace(INSTANCE, pod), true)
  roll.settle('default/sales')
  assert.equal(roll.counts().moving, 1, 'a pod that ends is followed')
  roll.settle('default/sales', 'uid-of-the-next')
  assert.equal(roll.counts().moving, 1, 'and so is the one that follows')
  roll.settle('default/sales', pod.metadata.uid)
  assert.deepEqual(roll.counts(), { waiting: 0, moving: 0 })
  await roll.stop()
  assert.equal(clock.pendingTimers(), 0)
})

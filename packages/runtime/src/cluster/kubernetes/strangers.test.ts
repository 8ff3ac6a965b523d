import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WarrenError } from '@warren/contracts'
import { createFakeClock } from '../../clock/index.ts'
import type { SessionPod } from '../pod.ts'
import { createStrangers } from './strangers.ts'

const KEY = { namespace: 'shop', name: 'sales' }

test('a stranger is asked after for as long as somebody wants to know, and not for ever', async () => {
  const clock = createFakeClock()
  let looks = 0
  let there = true
  const gone: string[] = []
  const strangers = createStrangers({
    watched: () => false,
    async look(key) {
      looks += 1
      if (!there) throw new WarrenError('not_found')
      return { metadata: key } as SessionPod
    },
    onGone: ({ name }) => gone.push(name),
    clock,
  })
  await strangers.meet(KEY)
  for (let passed = 0; passed < 1_200; passed += 30) {
    assert.ok(strangers.get(KEY))
    await clock.advance(30_000)
  }
  assert.ok(looks > 50, `${looks} looks in twenty minutes`)

  // The instance is gone: nobody asks any more.
  await clock.advance(3_600_000)
  const before = looks
  await clock.advance(3_600_000)
  assert.equal(looks, before)
  assert.equal(clock.pendingTimers(), 0)

  await strangers.meet(KEY)
  there = false
  await clock.advance(11_000)
  assert.deepEqual(gone, ['sales'])
  assert.equal(strangers.get(KEY), undefined)
  assert.equal(clock.pendingTimers(), 0)
})

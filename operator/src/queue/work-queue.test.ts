import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import fc from 'fast-check'
import { createWorkQueue } from './work-queue.ts'

test('a key waits once, and comes again when it was added while worked on', async () => {
  const queue = createWorkQueue({ clock: createFakeClock() })
  queue.add('a')
  queue.add('a')
  assert.equal(queue.depth(), 1)
  assert.equal(await queue.take(), 'a')
  queue.add('a')
  assert.equal(queue.depth(), 0, 'not while a worker has it')
  queue.done('a')
  assert.equal(await queue.take(), 'a')
  queue.done('a')
  assert.equal(queue.depth(), 0)
})

test('what was listed first waits behind what happens now', async () => {
  const queue = createWorkQueue({ clock: createFakeClock() })
  queue.add('old-1', { priority: 'low' })
  queue.add('old-2', { priority: 'low' })
  queue.add('new')
  queue.add('old-2')
  assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['new', 'old-2', 'old-1'])
})

test('of two delays the earlier counts, and failures wait longer each time', async () => {
  const clock = createFakeClock()
  const queue = createWorkQueue({ clock })
  queue.add('a', { afterMs: 100 })
  queue.add('a', { afterMs: 10 })
  queue.add('a', { afterMs: 1_000 })
  await clock.advance(10)
  assert.equal(await queue.take(), 'a')
  queue.done('a')
  const pauses = Array.from({ length: 16 }, () => queue.addAfterFailure('b'))
  assert.deepEqual(pauses.slice(0, 4), [5, 10, 20, 40])
  assert.equal(pauses.at(-1), 60_000)
  queue.forget('b')
  assert.equal(queue.addAfterFailure('b'), 5)
  queue.stop()
  assert.equal(clock.pendingTimers(), 0)
  assert.equal(await queue.take(), undefined)
})

test('whatever is added is worked on afterwards, by one worker at a time', async () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    op: fc.constantFrom('add', 'low', 'take', 'done'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const queue = createWorkQueue({ clock: createFakeClock() })
      const working = new Set<string>()
      const owed = new Set<string>()
      const take = async () => {
        const key = await queue.take()
        assert.ok(key !== undefined && !working.has(key), 'one worker a key')
        working.add(key)
        owed.delete(key)
      }
      for (const { key, op } of steps) {
        if (op === 'add' || op === 'low') {
          queue.add(key, { priority: op === 'low' ? 'low' : 'normal' })
          owed.add(key)
        } else if (op === 'take' && queue.depth() > 0) await take()
        else if (op === 'done' && working.delete(key)) queue.done(key)
      }
      for (const key of [...working]) if (working.delete(key)) queue.done(key)
      while (queue.depth() > 0) await take()
      assert.deepEqual([...owed], [], 'nothing was forgotten')
    }),
  )
})

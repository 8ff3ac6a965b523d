import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WhatsAppInstance } from '@warren/contracts'
import fc from 'fast-check'
import { INSTANCE } from '../testing/objects.ts'
import { admittedOf, type Place } from './admitted-of.ts'
import { createPlaces } from './places.ts'

const place = (uid: string, age: number, holds = false): Place => ({
  uid,
  creationTimestamp: new Date(age * 1_000).toISOString(),
  holds,
})

test('the oldest are admitted, of equal ones those with the smaller uid', () => {
  const places = [place('c', 2), place('b', 1), place('a', 1), place('d', 3)]
  assert.deepEqual([...admittedOf(places, 2)], ['a', 'b'])
  assert.deepEqual([...admittedOf(places, 0)], [])
})

test('what runs is not stopped by a smaller plan, and nobody starts beside it', () => {
  const places = [place('old', 1), place('a', 2, true), place('b', 3, true)]
  assert.deepEqual([...admittedOf(places, 1)].sort(), ['a', 'b'])
  assert.deepEqual([...admittedOf(places, 3)].sort(), ['a', 'b', 'old'])
})

/** Instances come, ask, rest and go in any order, and the plan changes. */
const step = fc.record({
  do: fc.constantFrom('ask', 'ask', 'ask', 'rest', 'go', 'limit'),
  n: fc.integer({ min: 0, max: 9 }),
  age: fc.integer({ min: 0, max: 5 }),
  limit: fc.integer({ min: 0, max: 6 }),
})

test('never do more start than the plan allows, and the quick answer is the one of the definition', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const places = createPlaces()
      const known = new Map<number, WhatsAppInstance>()
      const running = new Set<number>()
      let limit = 3
      let uids = 0
      for (const { do: what, n, age, limit: other } of steps) {
        if (what === 'limit') limit = other
        if (what === 'go' && known.delete(n)) {
          running.delete(n)
          places.forget(`default/i${n}`)
        }
        if (what === 'rest') {
          const instance = known.get(n)
          if (instance) places.hold(instance, false)
          running.delete(n)
        }
        if (what !== 'ask') continue
        const instance = known.get(n) ?? instanceOf(n, `uid-${++uids}`, age)
        known.set(n, instance)
        places.observe(instance)
        const all = [...known].map(([i, { metadata }]) => ({ ...metadata, holds: running.has(i) }))
        const admitted = places.isAdmitted(instance, limit)
        assert.equal(admitted, admittedOf(all, limit).has(instance.metadata.uid))
        if (!admitted) {
          places.wait(instance)
          continue
        }
        if (!running.has(n)) assert.ok(running.size < limit, `${running.size} run already of ${limit}`)
        places.hold(instance, true)
        running.add(n)
      }
      const free = Math.max(0, limit - running.size)
      assert.ok(places.admissible('acme', limit).length <= free, 'more are called than there is room for')
    }),
    { numRuns: 500 },
  )
})

function instanceOf(n: number, uid: string, age: number): WhatsAppInstance {
  const creationTimestamp = new Date(age * 1_000).toISOString()
  return { ...INSTANCE, metadata: { ...INSTANCE.metadata, name: `i${n}`, uid, creationTimestamp } }
}

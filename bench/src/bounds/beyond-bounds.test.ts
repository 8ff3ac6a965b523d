import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beyondBounds } from './beyond-bounds.ts'

const BOUNDS = { rate: { atLeast: 100 }, writes: { atMost: 0 }, unmeasured: { atMost: 1 } }

test('a figure at its bound is within it, and one that was not measured is not judged', () => {
  assert.deepEqual(beyondBounds({ rate: 100, writes: 0 }, BOUNDS), [])
})

test('each figure beyond its bound is told with both numbers', () => {
  assert.deepEqual(beyondBounds({ rate: 99.5, writes: 2, other: 1e9 }, BOUNDS), [
    'rate is beyond its bound: 99.50, and it is to be at least 100',
    'writes is beyond its bound: 2.00, and it is to be at most 0',
  ])
})

test('what was measured without a result is beyond every bound', () => {
  assert.equal(beyondBounds({ rate: Number.NaN, writes: Number.NaN }, BOUNDS).length, 2)
})

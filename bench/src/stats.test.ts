import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, pairwise, percentile, spread } from './stats.ts'

test('the median is the middle, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([7]), 7)
  assert.ok(Number.isNaN(median([])))
})

test('percentiles are values that occurred', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  assert.equal(percentile(values, 0.95), 95)
  assert.equal(percentile(values, 0.5), 50)
  assert.equal(percentile(values, 1), 100)
  assert.equal(percentile([5], 0.01), 5)
})

test('ratios are taken round by round', () => {
  assert.deepEqual(pairwise([10, 5], [5, 10]), [2, 0.5])
  assert.deepEqual(pairwise([10, 5, 1], [5, 10]), [2, 0.5])
})

test('a spread names both ends and the middle', () => {
  assert.deepEqual(spread([3, 9, 6]), { min: 3, median: 6, max: 9 })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { busiestSecond } from './outage.ts'

test('the busiest second is the fullest of all that begin with a moment', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000)), (moments) => {
      const counts = moments.map((from) => moments.filter((at) => at >= from && at < from + 1000).length)
      assert.equal(busiestSecond(moments), Math.max(0, ...counts))
    }),
  )
})

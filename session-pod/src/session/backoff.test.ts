import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backOffMs, conflictMs, QUICK_ATTEMPTS, reconnectNowMs, slowBackOffMs } from './backoff.ts'

const fraction = fc.double({ min: 0, max: 1, noNaN: true })

test('quick attempts are at most five seconds apart, plus jitter', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: QUICK_ATTEMPTS }), fraction, (failures, random) => {
      assert.ok(backOffMs(failures, random) <= 6_000)
    }),
  )
})

test('no wait is so long that a reconnect could miss 30 s after the outage, and none is hot', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fraction, (failures, random) => {
      const ms = backOffMs(failures, random)
      assert.ok(ms >= 800 && ms <= 18_000, `${ms}`)
    }),
  )
})

test('of sessions that lost their connection together no more than half ask in the same second', () => {
  for (let failures = 1; failures <= 10; failures++) {
    const waits = Array.from({ length: 100 }, (_, session) => backOffMs(failures, (session + 0.5) / 100))
    for (const from of waits) {
      const together = waits.filter((wait) => wait >= from && wait < from + 1_000).length
      assert.ok(together <= 50, `${together} sessions, ${failures} failures`)
    }
  }
})

test('it slows down after the quick attempts', () => {
  assert.ok(backOffMs(QUICK_ATTEMPTS + 1, 0) > backOffMs(QUICK_ATTEMPTS, 1))
})

test('the special waits stay in their ranges', () => {
  fc.assert(
    fc.property(fraction, (random) => {
      assert.ok(reconnectNowMs(random) <= 1_000)
      assert.ok(slowBackOffMs(random) >= 300_000 && slowBackOffMs(random) <= 900_000)
      assert.ok(conflictMs(random) >= 10_000 && conflictMs(random) <= 20_000)
    }),
  )
})

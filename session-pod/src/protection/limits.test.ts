import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROTECTION_DEFAULTS } from '@warren/contracts'
import fc from 'fast-check'
import { createJournal } from '../session/journal.ts'
import { createState } from '../store/state.ts'
import { tiersAt, warmUpFactor } from './limits.ts'
import { gapMs, typingMs } from './pacing.ts'
import { createSpent } from './spent.ts'
import { isSpike } from './spike.ts'
import { DAY_MS, earliest, HOUR_MS, MINUTE_MS, plan, type Tier, usedIn } from './windows.ts'

const tier: fc.Arbitrary<Tier> = fc.record({
  windowMs: fc.integer({ min: 1, max: 500 }),
  limit: fc.integer({ min: 1, max: 6 }),
})

/** The most that lie within any window of this length. */
function most(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length))
}

test('no window ever holds more than its limit, and nobody waits longer than that needs', () => {
  fc.assert(
    fc.property(
      fc.array(tier, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(300), { maxLength: 40 }),
      (tiers, gaps) => {
        const spent: number[] = []
        let now = 0
        for (const gap of gaps) {
          now += gap
          const at = earliest(spent, tiers, now)
          if (at > now) {
            // One millisecond sooner would have been too many somewhere.
            const early = [...spent, at - 1]
            assert.ok(tiers.some(({ windowMs, limit }) => most(early, windowMs) > limit))
          }
          now = at
          spent.push(at)
        }
        for (const { windowMs, limit } of tiers) assert.ok(most(spent, windowMs) <= limit)
      },
    ),
  )
})

test('a plan is what asking one after the other would give', () => {
  fc.assert(
    fc.property(fc.array(tier, { maxLength: 3 }), fc.nat(20), (tiers, count) => {
      const times = plan([], tiers, 1_000, count)
      const asked: number[] = []
      for (let i = 0; i < count; i++) asked.push(earliest(asked, tiers, Math.max(1_000, asked.at(-1) ?? 0)))
      assert.deepEqual(times, asked)
    }),
  )
})

test('what went is remembered over restarts, in as many records as a day needs and no more', () => {
  const perDay = 5
  const tiers = [{ windowMs: DAY_MS, limit: perDay }]
  fc.assert(
    fc.property(
      fc.array(fc.record({ gap: fc.integer({ min: 0, max: DAY_MS }), restart: fc.boolean() }), {
        maxLength: 60,
      }),
      (steps) => {
        const state = createState(createJournal(0))
        let spent = createSpent(state)
        const went: number[] = []
        let now = Date.UTC(2026, 0)
        for (const { gap, restart } of steps) {
          now += gap
          if (restart) spent = createSpent(state)
          now = earliest(spent.times(), tiers, now)
          state.apply([spent.spend(now)])
          went.push(now)
        }
        assert.ok(most(went, DAY_MS) <= perDay)
        assert.ok([...state.all('sendTime')].length <= perDay)
      },
    ),
  )
})

test('a wall clock that was set back does not make times count for longer', () => {
  const state = createState(createJournal(0))
  const spent = createSpent(state)
  state.apply([spent.spend(10 * DAY_MS)])
  state.apply(spent.settle(DAY_MS))
  assert.equal(earliest(spent.times(), [{ windowMs: HOUR_MS, limit: 1 }], DAY_MS), DAY_MS + HOUR_MS)
  assert.deepEqual(createSpent(state).times(), [DAY_MS])
})

test('warm-up begins at a tenth, doubles every two days, never falls and ends within a week', () => {
  const days = [0, 2, 4, 6, 7].map((day) => Math.round(1000 * warmUpFactor(0, day * DAY_MS)))
  assert.deepEqual(days, [100, 200, 400, 800, 1000])
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      (a, b) => warmUpFactor(0, Math.max(a, b)) >= warmUpFactor(0, Math.min(a, b)),
    ),
  )
})

test('the limits that hold: set, warming up, slowed', () => {
  const limits = (settings: object, state: 'normal' | 'slow', linkedMs?: number) =>
    tiersAt({ ...PROTECTION_DEFAULTS, ...settings }, { state, linkedMs, nowMs: 0 }).map(({ limit }) => limit)
  assert.deepEqual(limits({}, 'normal'), [20, 100, 1000])
  assert.deepEqual(limits({}, 'normal', 0), [20, 10, 100])
  assert.deepEqual(limits({ warmUp: 'None' }, 'slow', 0), [10, 50, 500])
  assert.deepEqual(
    limits({ limits: { mode: 'Enforced', perMinute: 1, perHour: 1, perDay: 1 } }, 'slow', 0),
    [1, 1, 1],
  )
  assert.deepEqual(
    limits({ limits: { mode: 'Unlimited', perMinute: 1, perHour: 1, perDay: 1 } }, 'slow', 0),
    [],
  )
})

test('a person types 60 to 100 ms a character and pauses 2 to 5 s', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (characters, draw) => {
        const typing = typingMs(characters, () => draw)
        assert.ok(typing >= 60 * characters - 1 && typing <= 100 * characters + 1)
        const gap = gapMs(() => draw)
        assert.ok(gap >= 2_000 && gap <= 5_000)
      },
    ),
  )
  assert.equal(
    typingMs(65_536, () => 1),
    20_000,
  )
})

test('a spike is far more than the day before had', () => {
  const now = 2 * DAY_MS
  const recent = (count: number) => Array.from({ length: count }, (_, i) => now - i * 1_000).reverse()
  const steady = Array.from({ length: 950 }, (_, i) => now - DAY_MS + i * 90_000)
  assert.equal(isSpike(recent(29), now), false)
  assert.equal(isSpike(recent(30), now), true)
  assert.equal(isSpike([...steady.slice(0, 940), ...recent(30)], now), false)
  assert.equal(usedIn(recent(90), MINUTE_MS, now), 60)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, forecast, type GateView, reasonOf, type Ticket } from './gate.ts'

const NOW = 1_000_000
const ticket = (id: string, more: Partial<Ticket> = {}): Ticket => ({
  id,
  lane: id,
  paced: false,
  begins: false,
  ...more,
})
const view = (more: Partial<GateView>): GateView => ({
  heads: [],
  spent: [],
  passing: 0,
  tiers: [],
  pausedUntilMs: undefined,
  restriction: undefined,
  hand: { busy: false, freeAtMs: 0 },
  ...more,
})
const minute = (limit: number) => [{ windowMs: 60_000, limit }]

test('who goes next and when', () => {
  const a = ticket('a')
  const paced = ticket('p', { paced: true })
  const newcomer = ticket('n', { begins: true })
  const restriction = { reason: 'restricted' as const, untilMs: NOW + 9_000 }
  const rows: [Partial<GateView>, object, string?][] = [
    [{}, {}],
    [{ heads: [a, paced] }, { pass: 'a' }],
    [{ heads: [a], tiers: minute(1), spent: [NOW - 10_000] }, { lookAtMs: NOW + 50_000 }, 'limit'],
    [{ heads: [a], tiers: minute(1), passing: 1 }, { lookAtMs: NOW + 60_000 }, 'limit'],
    [{ heads: [a], tiers: minute(2), passing: 1 }, { pass: 'a' }],
    [{ heads: [a], pausedUntilMs: NOW + 5 }, { lookAtMs: NOW + 5 }, 'paused'],
    [{ heads: [a], pausedUntilMs: Number.POSITIVE_INFINITY }, {}, 'paused'],
    [{ heads: [newcomer], restriction }, { lookAtMs: NOW + 9_000 }, 'restricted'],
    [{ heads: [newcomer, a], restriction }, { pass: 'a' }],
    [{ heads: [paced, a], hand: { busy: true, freeAtMs: 0 } }, { pass: 'a' }],
    [{ heads: [paced], hand: { busy: true, freeAtMs: 0 } }, {}, 'pacing'],
    [
      { heads: [paced], hand: { busy: false, freeAtMs: NOW + 3_000, lane: 'x' } },
      { lookAtMs: NOW + 3_000 },
      'pacing',
    ],
    [{ heads: [paced], hand: { busy: false, freeAtMs: NOW + 3_000, lane: 'p' } }, { pass: 'p' }],
    // A reply that passes pacing passes no limit.
    [
      { heads: [a], tiers: minute(1), spent: [NOW], hand: { busy: true, freeAtMs: 0 } },
      { lookAtMs: NOW + 60_000 },
      'limit',
    ],
  ]
  for (const [given, expected, reason] of rows) {
    const all = view(given)
    assert.deepEqual(decide(all, NOW), expected, JSON.stringify(given))
    const [head] = all.heads
    if (reason && head) assert.equal(reasonOf(all, head, NOW), reason)
  }
})

test('chats take turns; whom WhatsApp holds comes last', () => {
  const lanes = [[ticket('a1'), ticket('a2'), ticket('a3')], [ticket('n1', { begins: true })], [ticket('b1')]]
  const given = view({
    tiers: minute(1),
    spent: [NOW],
    restriction: { reason: 'capped', untilMs: NOW + 3_600_000 },
  })
  const found = forecast(given, lanes, NOW)
  assert.deepEqual(
    found.map(({ ticket: { id }, reason, position, expectedMs = 0 }) => [
      id,
      reason,
      position,
      (expectedMs - NOW) / 60_000,
    ]),
    [
      ['a1', 'limit', 1, 1],
      ['b1', 'limit', 2, 2],
      ['a2', 'limit', 3, 3],
      ['a3', 'limit', 4, 4],
      ['n1', 'capped', 5, 60],
    ],
  )
})

test('nobody can tell how long a pause lasts that a person ends', () => {
  const [only] = forecast(view({ pausedUntilMs: Number.POSITIVE_INFINITY }), [[ticket('a')]], NOW)
  assert.deepEqual([only?.reason, only?.expectedMs], ['paused', undefined])
})

test('passing until it says wait keeps every limit, and whoever waits is told a time that comes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 30 }), (limit, count) => {
      const spent: number[] = []
      let heads = Array.from({ length: count }, (_, i) => ticket(`t${i}`))
      const expected = new Map(
        forecast(
          view({ heads, tiers: minute(limit) }),
          heads.map((one) => [one]),
          NOW,
        ).map((one) => [one.ticket.id, one.expectedMs]),
      )
      for (let now = NOW; heads.length > 0; ) {
        const decision = decide(view({ heads, spent, tiers: minute(limit) }), now)
        if ('lookAtMs' in decision) {
          assert.ok(decision.lookAtMs > now)
          now = decision.lookAtMs
          continue
        }
        assert.ok('pass' in decision)
        assert.equal(expected.get(decision.pass), now)
        heads = heads.filter(({ id }) => id !== decision.pass)
        spent.push(now)
        assert.ok(spent.filter((at) => at > now - 60_000).length <= limit)
      }
    }),
  )
})

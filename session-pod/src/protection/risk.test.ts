import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RISK_CAUSES } from '@warren/contracts'
import fc from 'fast-check'
import { nextChangeMs, noRisk, type Risk, type RiskEvent, scoreAt, stepRisk } from './risk.ts'
import { DAY_MS, HOUR_MS } from './windows.ts'

const signals = (...causes: (typeof RISK_CAUSES)[number][]): RiskEvent[] =>
  causes.map((cause) => ({ type: 'signal', cause }))
const run = (
  events: readonly RiskEvent[],
  breaker: 'Automatic' | 'Manual' | 'None' = 'Automatic',
  from = noRisk(0),
  at = 0,
) => events.reduce((risk, event) => stepRisk(risk, event, breaker, at), from)
const repeat = (count: number, cause: (typeof RISK_CAUSES)[number]) =>
  signals(...Array<typeof cause>(count).fill(cause))

test('what signals lead to', () => {
  const rows: [RiskEvent[], Risk['state']][] = [
    [repeat(4, 'messageRefused'), 'normal'],
    [repeat(5, 'messageRefused'), 'slow'],
    [repeat(10, 'messageRefused'), 'paused'],
    [repeat(6, 'notOnWhatsapp'), 'normal'],
    [repeat(7, 'notOnWhatsapp'), 'slow'],
    [signals('spike'), 'normal'],
    [signals('restricted'), 'normal'],
    [signals('restricted', 'messageRefused'), 'slow'],
    [signals('capped'), 'slow'],
    [signals('capped', 'restricted', 'messageRefused'), 'paused'],
    [signals('loggedOut'), 'slow'],
    [signals('banned'), 'paused'],
  ]
  for (const [events, state] of rows) assert.equal(run(events).state, state, JSON.stringify(events))
})

test('a pause ends by itself, slowly, and the next one is twice as long', () => {
  const paused = run(signals('banned'))
  assert.equal(paused.untilMs, HOUR_MS)
  const slow = stepRisk(paused, { type: 'tick' }, 'Automatic', HOUR_MS)
  assert.deepEqual([slow.state, Math.round(scoreAt(slow, HOUR_MS)), slow.untilMs], ['slow', 60, undefined])
  const again = run(signals('restricted'), 'Automatic', slow, HOUR_MS)
  assert.deepEqual([again.state, again.untilMs], ['paused', 3 * HOUR_MS])
})

test('where a person must resume, time does not; and resuming ends the slow state too', () => {
  const paused = run(signals('banned'), 'Manual')
  assert.equal(stepRisk(paused, { type: 'tick' }, 'Manual', 10 * DAY_MS).state, 'paused')
  const slow = stepRisk(paused, { type: 'resume' }, 'Manual', 1)
  assert.equal(slow.state, 'slow')
  assert.equal(stepRisk(slow, { type: 'resume' }, 'Manual', 2).state, 'normal')
})

test('a breaker that is off counts and never holds anything back', () => {
  const risk = run(repeat(30, 'messageRefused'), 'None')
  assert.deepEqual([risk.state, risk.score], ['normal', 100])
})

test('left alone, the breaker always closes: within two days, at the times that it announces', () => {
  const event = fc.record({ cause: fc.constantFrom(...RISK_CAUSES), gapMs: fc.nat(6 * HOUR_MS) })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let risk = noRisk(0)
      let now = 0
      for (const { cause, gapMs } of events) {
        now += gapMs
        risk = stepRisk(risk, { type: 'signal', cause }, 'Automatic', now)
      }
      const end = now
      for (let changes = 0; changes < 5 && risk.state !== 'normal'; changes++) {
        const at = nextChangeMs(risk)
        assert.ok(at !== undefined)
        now = Math.max(now, at)
        const next = stepRisk(risk, { type: 'tick' }, 'Automatic', now)
        assert.notEqual(next.state, risk.state)
        risk = next
      }
      assert.equal(risk.state, 'normal')
      assert.ok(now - end <= 2 * DAY_MS)
    }),
  )
})

test('the score stays within 0 and 100 and only signals raise it', () => {
  const event: fc.Arbitrary<RiskEvent> = fc.oneof(
    fc.constantFrom(...RISK_CAUSES).map((cause): RiskEvent => ({ type: 'signal', cause })),
    fc.constant<RiskEvent>({ type: 'tick' }),
    fc.constant<RiskEvent>({ type: 'resume' }),
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(event, fc.nat(HOUR_MS))),
      fc.constantFrom('Automatic', 'Manual', 'None'),
      (steps, breaker) => {
        let risk = noRisk(0)
        let now = 0
        for (const [one, gap] of steps) {
          now += gap
          const before = scoreAt(risk, now)
          risk = stepRisk(risk, one, breaker, now)
          const after = scoreAt(risk, now)
          assert.ok(after >= 0 && after <= 100)
          if (one.type !== 'signal') assert.ok(after <= before + 1e-9)
        }
      },
    ),
  )
})

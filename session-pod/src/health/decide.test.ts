import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Decision,
  type Happening,
  type HealthMemory,
  happened,
  look,
  MUTE_MS,
  type Observation,
  STALLED_MS,
  wellAtFirst,
} from './decide.ts'

const QUIET_MS = 900_000
const MINUTE = 60_000
const well: Observation = { openMs: 10 * MINUTE, quietMs: 0, awaitsAnswer: false }

/** Looks every two seconds for so long; what is seen is a function of the time. Returns the renewals with their times. */
function watch(
  forMs: number,
  see: (nowMs: number, sinceRenewalMs: number) => Observation,
  from: HealthMemory = wellAtFirst(QUIET_MS),
) {
  let memory = from
  let renewedMs = Number.NEGATIVE_INFINITY
  const renewals: [seconds: number, cause: string][] = []
  let hopelessMs: number | undefined
  for (let nowMs = 0; nowMs <= forMs && hopelessMs === undefined; nowMs += 2_000) {
    const decision: Decision = look(memory, see(nowMs, nowMs - renewedMs), QUIET_MS, nowMs)
    memory = decision.memory
    if (decision.hopeless) hopelessMs = nowMs
    if (!decision.renew) continue
    renewals.push([nowMs / 1000, decision.renew])
    renewedMs = nowMs
  }
  return { memory, renewals, hopelessMs }
}

test('a connection that is well is left alone', () => {
  const { memory, renewals } = watch(60 * MINUTE, () => well)
  assert.deepEqual([memory.trouble, renewals], [undefined, []])
})

test('nothing is decided while there is no connection', () => {
  const see = { quietMs: 10 * QUIET_MS, awaitsAnswer: true, unansweredMs: 10 * MUTE_MS }
  assert.deepEqual(look(wellAtFirst(QUIET_MS), see, QUIET_MS, 0), { memory: wellAtFirst(QUIET_MS) })
})

test('a mute connection is renewed after 30 s, then with growing pauses; an acknowledgement ends the trouble', () => {
  const mute = (nowMs: number, sinceRenewalMs: number) => ({
    ...well,
    awaitsAnswer: true,
    unansweredMs: Math.min(nowMs, sinceRenewalMs),
  })
  const { memory, renewals } = watch(10 * MINUTE, mute)
  assert.deepEqual(
    renewals.map(([seconds, cause]) => [cause, Math.round(seconds / 30) * 30]),
    [
      ['mute', 30],
      ['mute', 90],
      ['mute', 210],
      ['mute', 450],
    ],
  )
  assert.equal(memory.trouble?.kind, 'mute')
  assert.equal(happened(memory, 'heard', QUIET_MS, 0).trouble?.kind, 'mute')
  const cured = happened(memory, 'answered', QUIET_MS, 0)
  assert.deepEqual([cured.trouble, cured.renewals], [undefined, 0])
})

test('a mute connection is well again when nothing awaits an answer any more', () => {
  const { memory } = watch(MINUTE, () => ({ ...well, awaitsAnswer: true, unansweredMs: MUTE_MS }))
  assert.equal(memory.trouble?.kind, 'mute')
  assert.equal(look(memory, well, QUIET_MS, MINUTE).memory.trouble, undefined)
})

test('a stall is renewed away, and when that does not help only a new process can', () => {
  const { memory, renewals, hopelessMs } = watch(60 * MINUTE, () => ({ ...well, handlingMs: STALLED_MS }))
  assert.deepEqual(
    renewals.map(([, cause]) => cause),
    ['stalled', 'stalled', 'stalled'],
  )
  assert.equal(memory.trouble?.kind, 'stalled')
  assert.ok(hopelessMs !== undefined && hopelessMs < 10 * MINUTE, `${hopelessMs}`)
})

test('a stall is over when a connection has been open for a while without one', () => {
  const { memory } = watch(2_000, () => ({ ...well, relayingMs: STALLED_MS }))
  assert.equal(look(memory, { ...well, openMs: 5_000 }, QUIET_MS, 0).memory.trouble?.kind, 'stalled')
  assert.equal(look(memory, { ...well, openMs: STALLED_MS }, QUIET_MS, 0).memory.trouble, undefined)
})

test('silence is looked behind, less and less often while nothing is found', () => {
  const silent = (nowMs: number, sinceRenewalMs: number) => {
    const quietMs = Math.min(nowMs, sinceRenewalMs)
    return { openMs: quietMs, quietMs, awaitsAnswer: false }
  }
  const { renewals, memory } = watch(24 * 60 * MINUTE, silent)
  const pauses = renewals.map(([seconds], i) => Math.round((seconds - (renewals[i - 1]?.[0] ?? 0)) / 900))
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 16, 16, 16, 16])
  assert.equal(memory.trouble, undefined)
  assert.equal(happened(memory, 'heard', QUIET_MS, 0).quietForMs, QUIET_MS)
})

test('what was kept back makes it deaf, looked behind every two minutes until something comes by itself', () => {
  const found = happened(wellAtFirst(QUIET_MS), 'keptBack', QUIET_MS, 5_000)
  assert.equal(found.trouble?.kind, 'deaf')
  let memory = found
  let times = 0
  for (let nowMs = 5_000, quietMs = 0; nowMs < 30 * MINUTE; nowMs += 2_000, quietMs += 2_000) {
    const decision = look(memory, { openMs: quietMs, quietMs, awaitsAnswer: false }, QUIET_MS, nowMs)
    memory = decision.memory
    if (!decision.renew) continue
    times += 1
    quietMs = 0
    memory = happened(memory, 'keptBack', QUIET_MS, nowMs + 1_000)
  }
  assert.ok(times >= 14 && times <= 16, `${times}`)
  assert.equal(memory.trouble?.kind, 'deaf')
  const cured = happened(memory, 'heard', QUIET_MS, 0)
  assert.deepEqual([cured.trouble, cured.quietForMs], [undefined, QUIET_MS])
})

test('a deaf connection is well again when a renewal found nothing', () => {
  const found = happened(wellAtFirst(QUIET_MS), 'keptBack', QUIET_MS, 0)
  const quiet = { openMs: 2 * MINUTE, quietMs: 2 * MINUTE, awaitsAnswer: false }
  const renewed = look(found, quiet, QUIET_MS, 2 * MINUTE)
  assert.equal(renewed.renew, 'quiet')
  assert.equal(
    look(renewed.memory, { ...quiet, openMs: 5_000, quietMs: 0 }, QUIET_MS, 2 * MINUTE + 6_000).memory.trouble
      ?.kind,
    'deaf',
  )
  assert.equal(
    look(renewed.memory, { ...quiet, openMs: 20_000, quietMs: 0 }, QUIET_MS, 2 * MINUTE + 21_000).memory
      .trouble,
    undefined,
  )
})

test('no connection is renewed more than four times in ten minutes for one fault, whatever is seen', () => {
  const seen = fc.record({
    openMs: fc.nat(2 * QUIET_MS),
    quietMs: fc.nat(QUIET_MS - 1),
    awaitsAnswer: fc.boolean(),
    unansweredMs: fc.constantFrom(0, MUTE_MS, 5 * MUTE_MS),
  })
  const event = fc.option(fc.constantFrom<Happening>('heard'), { nil: undefined })
  fc.assert(
    fc.property(fc.array(fc.tuple(seen, event), { minLength: 300, maxLength: 300 }), (looks) => {
      let memory = wellAtFirst(QUIET_MS)
      const renewals: number[] = []
      let answered = false
      looks.forEach(([one, what], i) => {
        const nowMs = i * 2_000
        if (what) memory = happened(memory, what, QUIET_MS, nowMs)
        // Only as long as nothing was ever answered it is one fault.
        const decision = look(memory, { ...one, awaitsAnswer: true }, QUIET_MS, nowMs)
        memory = decision.memory
        answered ||= memory.trouble === undefined && renewals.length > 0
        if (decision.renew) renewals.push(nowMs)
      })
      assert.ok(answered || renewals.length <= 5, `${renewals}`)
    }),
  )
})

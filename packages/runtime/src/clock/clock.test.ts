import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Clock } from './clock.ts'
import { createFakeClock } from './fake-clock.ts'
import { systemClock } from './system-clock.ts'

/** What both clocks promise; `pass` lets time go by. */
function conformance(name: string, make: () => { clock: Clock; pass: (ms: number) => Promise<void> }) {
  describe(`${name} as a Clock`, () => {
    test('timers fire in the order of their times and sleep resolves between them', async () => {
      const { clock, pass } = make()
      const seen: string[] = []
      clock.setTimer(30, () => seen.push('30'))
      clock.setTimer(5, () => seen.push('5'))
      void clock.sleep(15).then(() => seen.push('sleep 15'))
      await pass(45)
      assert.deepEqual(seen, ['5', 'sleep 15', '30'])
    })

    test('a stopped timer does not fire, and stopping twice is fine', async () => {
      const { clock, pass } = make()
      let fired = 0
      const timer = clock.setTimer(5, () => fired++)
      timer.stop()
      timer.stop()
      await pass(15)
      assert.equal(fired, 0)
    })

    test('an interval repeats until it is stopped', async () => {
      const { clock, pass } = make()
      let ticks = 0
      const timer = clock.setInterval(5, () => {
        ticks++
        if (ticks === 3) timer.stop()
      })
      await pass(60)
      assert.equal(ticks, 3)
    })

    test('an aborted sleep rejects with the reason, also when aborted before', async () => {
      const { clock } = make()
      const reason = new Error('enough')
      const controller = new AbortController()
      const sleeping = clock.sleep(60_000, controller.signal)
      controller.abort(reason)
      await assert.rejects(sleeping, reason)
      await assert.rejects(clock.sleep(1, controller.signal), reason)
    })

    test('both kinds of time move on', async () => {
      const { clock, pass } = make()
      const [wall, monotonic] = [clock.now().getTime(), clock.monotonicMs()]
      await pass(20)
      assert.ok(clock.now().getTime() - wall >= 19)
      assert.ok(clock.monotonicMs() - monotonic >= 19)
    })
  })
}

conformance('systemClock', () => ({ clock: systemClock, pass: (ms) => systemClock.sleep(ms) }))
conformance('fake clock', () => {
  const clock = createFakeClock()
  return { clock, pass: (ms) => clock.advance(ms) }
})

test('the fake clock fires timers that fired timers have set, at their exact times', async () => {
  const clock = createFakeClock()
  const seen: number[] = []
  clock.setTimer(10, () => {
    seen.push(clock.monotonicMs())
    void Promise.resolve().then(() => clock.setTimer(10, () => seen.push(clock.monotonicMs())))
  })
  await clock.advance(25)
  assert.deepEqual(seen, [10, 20])
  assert.equal(clock.monotonicMs(), 25)
  assert.equal(clock.pendingTimers(), 0)
})

test('a jump of the wall clock moves neither the monotonic clock nor timers', async () => {
  const clock = createFakeClock(new Date(0))
  let fired = false
  clock.setTimer(1_000, () => {
    fired = true
  })
  clock.jumpWallClock(3_600_000)
  await clock.advance(500)
  assert.equal(clock.now().getTime(), 3_600_500)
  assert.equal(fired, false)
})

test('the system clock waits for months, and such a timer can be stopped at any stage', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const stage = 2 ** 31 - 1
  let fired = 0
  const timer = systemClock.setTimer(2 * stage + 10, () => fired++)
  const stopped = systemClock.setTimer(2 * stage, () => fired++)
  t.mock.timers.tick(stage)
  stopped.stop()
  t.mock.timers.tick(stage)
  assert.equal(fired, 0)
  t.mock.timers.tick(10)
  assert.equal(fired, 1)
  timer.stop()
})

test('a timer of months does not fire at once', async () => {
  let fired = false
  const timer = systemClock.setTimer(60 * 24 * 3600_000, () => {
    fired = true
  })
  await systemClock.sleep(20)
  timer.stop()
  assert.equal(fired, false)
})

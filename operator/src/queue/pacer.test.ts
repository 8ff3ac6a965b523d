import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import fc from 'fast-check'
import { createPacer } from './pacer.ts'

function pacerOf(perSecond: number, burst: number) {
  const clock = createFakeClock()
  const told: string[] = []
  const pacer = createPacer({ clock, perSecond, burst, onTurn: (key) => told.push(key) })
  return { clock, pacer, told }
}

test('a burst starts at once, the rest one by one, and the burst comes back with time', async () => {
  const { clock, pacer, told } = pacerOf(10, 2)
  const ask = (key: string) => pacer.ask(key, 'acme')
  assert.deepEqual(['a', 'b', 'c', 'd'].map(ask), [true, true, false, false])
  await clock.advance(100)
  assert.deepEqual(told, ['c'])
  assert.ok(ask('c'), 'a turn is kept')
  assert.ok(!ask('d'))
  await clock.advance(10_000)
  assert.deepEqual(told, ['c', 'd'])
  assert.deepEqual(
    ['e', 'f', 'g'].map(ask),
    [true, true, false],
    'idle time is not saved up beyond the burst',
  )
  pacer.stop()
  assert.equal(clock.pendingTimers(), 0)
})

test('an organisation with many sessions does not keep one with few waiting', async () => {
  const { clock, pacer, told } = pacerOf(10, 1)
  for (let n = 0; n < 100; n++) pacer.ask(`big-${n}`, 'big')
  for (const key of ['small-0', 'small-1']) pacer.ask(key, 'small')
  await clock.advance(400)
  assert.deepEqual(told, ['big-1', 'small-0', 'big-2', 'small-1'])
  pacer.stop()
})

test('a turn that is given up goes to the next', async () => {
  const { clock, pacer, told } = pacerOf(1, 1)
  pacer.ask('a', 'acme')
  pacer.ask('b', 'acme')
  pacer.ask('c', 'acme')
  pacer.giveUp('b')
  pacer.giveUp('a')
  assert.deepEqual(told, ['c'])
  pacer.stop()
  assert.equal(clock.pendingTimers(), 0)
})

test('never more than the rate, whoever asks and gives up, and everyone who waits gets a turn', async () => {
  const step = fc.record({
    do: fc.constantFrom('ask', 'ask', 'spend', 'giveUp', 'wait'),
    key: fc.integer({ min: 0, max: 20 }),
    ms: fc.integer({ min: 1, max: 400 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const { clock, pacer } = pacerOf(10, 3)
      const holding = new Set<number>()
      let spent = 0
      const begin = clock.monotonicMs()
      const bound = () => 3 + (clock.monotonicMs() - begin) / 100 + 0.1
      for (const { do: what, key, ms } of steps) {
        if (what === 'wait') await clock.advance(ms)
        if (what === 'ask' && pacer.ask(String(key), `org-${key % 3}`)) holding.add(key)
        if (what === 'giveUp') {
          pacer.giveUp(String(key))
          holding.delete(key)
        }
        if (what === 'spend' && holding.delete(key)) {
          pacer.spend(String(key))
          spent += 1
        }
        assert.ok(spent + holding.size <= bound(), `${spent} spent and ${holding.size} held`)
      }
      for (let key = 0; key <= 20; key++) pacer.ask(String(key), 'late')
      await clock.advance(60_000)
      for (let key = 0; key <= 20; key++) assert.ok(pacer.ask(String(key), 'late'), `${key} still waits`)
      pacer.stop()
    }),
    { numRuns: 200 },
  )
})

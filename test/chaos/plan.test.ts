import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planOf } from './plan.ts'

const scenarios = [
  { name: 'a', scope: 'session' },
  { name: 'b', scope: 'session' },
  { name: 'c', scope: 'all' },
] as const
const options = { seed: 7, faults: 30, sessions: 4, width: 3, scenarios }

test('the same seed is the same plan, another seed another', () => {
  assert.deepEqual(planOf(options), planOf(options))
  assert.notDeepEqual(planOf(options), planOf({ ...options, seed: 8 }))
})

test('every scenario comes equally often', () => {
  const names = planOf(options).flatMap((wave) => wave.map(({ scenario }) => scenario))
  assert.deepEqual(
    scenarios.map(({ name }) => names.filter((one) => one === name).length),
    [10, 10, 10],
  )
})

test('a wave strikes each session once at most, and what strikes all is alone', () => {
  for (const wave of planOf(options)) {
    const struck = wave.flatMap(({ session }) => session ?? [])
    assert.equal(new Set(struck).size, struck.length)
    assert.ok(wave.length <= options.width)
    if (struck.length < wave.length) assert.equal(wave.length, 1)
  }
})

test('no fault is lost where there are fewer sessions than a wave could take', () => {
  const waves = planOf({ ...options, sessions: 1 })
  assert.equal(waves.flat().length, options.faults)
})

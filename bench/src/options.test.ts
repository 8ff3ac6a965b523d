import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PARTS, parseOptions } from './options.ts'

test('everything is measured unless told otherwise', () => {
  const { parts, rounds, quick, json } = parseOptions([])
  assert.deepEqual({ parts, rounds, quick, json }, { parts: PARTS, rounds: 5, quick: false, json: undefined })
})

test('parts are chosen by name', () => {
  assert.deepEqual(parseOptions(['--only', 'idle, open']).parts, ['idle', 'open'])
  assert.throws(() => parseOptions(['--only', 'idle,memory']), /not "memory"/)
})

test('opening takes seven rounds or more, except in a quick run', () => {
  assert.equal(parseOptions(['--rounds', '3']).openRounds, 7)
  assert.equal(parseOptions(['--rounds', '9']).openRounds, 9)
  assert.equal(parseOptions(['--quick']).openRounds, 2)
})

test('numbers that are none are refused', () => {
  for (const text of ['0', '-1', '1.5', 'many'])
    assert.throws(() => parseOptions([`--rounds=${text}`]), /whole number/)
})

test('sizes of fleets are taken in rising order', () => {
  assert.deepEqual(parseOptions([]).instances, [100, 1_000, 5_000])
  assert.deepEqual(parseOptions(['--instances', '50,10']).instances, [10, 50])
  assert.throws(() => parseOptions(['--instances', '10,']), /whole number/)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeClock, systemClock } from '../clock/index.ts'
import { createFakeIds, createIds, type Ids } from './ids.ts'

function conformance(name: string, make: () => Ids) {
  describe(`${name} as Ids`, () => {
    test('identifiers are unique, of one shape, and sorted in the order of creation', () => {
      const ids = make()
      const made = Array.from({ length: 2_000 }, () => ids.newId('msg'))
      assert.equal(new Set(made).size, made.length)
      assert.deepEqual(made.toSorted(), made)
      for (const id of made) assert.match(id, /^msg_[0-9A-HJKMNP-TV-Z]{26}$/)
      assert.match(ids.newId(), /^[0-9A-HJKMNP-TV-Z]{26}$/)
    })

    test('secrets have the length asked for and differ', () => {
      const ids = make()
      assert.equal(Buffer.from(ids.newSecret(32), 'base64url').length, 32)
      assert.notEqual(ids.newSecret(), ids.newSecret())
    })
  })
}

conformance('createIds', () => createIds(systemClock))
conformance('createFakeIds', createFakeIds)

test('the order survives a wall clock that steps back', async () => {
  const clock = createFakeClock()
  const ids = createIds(clock)
  const before = ids.newId()
  clock.jumpWallClock(-60_000)
  const after = ids.newId()
  assert.ok(before < after)
})

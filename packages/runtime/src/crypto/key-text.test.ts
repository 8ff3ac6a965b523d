import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KEYS_PATTERN, keysText, parseKeys } from './key-text.ts'

test('keys come back from their text, in order', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const one = fc.record({ id: fc.integer({ min: 0, max: 4_294_967_295 }), bytes })
  fc.assert(
    fc.property(fc.uniqueArray(one, { minLength: 1, maxLength: 4, selector: ({ id }) => id }), (keys) => {
      const text = keysText(keys)
      assert.match(text, KEYS_PATTERN)
      assert.deepEqual(
        parseKeys(text).map((key) => [key.id, [...key.bytes]]),
        keys.map((key) => [key.id, [...key.bytes]]),
      )
    }),
  )
})

test('one without an id is the first ever; two of one id are refused', () => {
  const text = Buffer.alloc(32, 5).toString('base64')
  assert.equal(parseKeys(text)[0].id, 1)
  assert.throws(() => parseKeys(`${text},1:${text}`), /same id/)
  for (const wrong of ['', '1:', `1:${text},`, `1:${text} 2:${text}`])
    assert.doesNotMatch(wrong, KEYS_PATTERN)
})

/** The light bridge must be the heavy one, byte for byte: a wrong sum makes WhatsApp resend all of a session's state. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as heavy from 'whatsapp-rust-bridge'
import * as light from './light-bridge.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const text = fc.string({ maxLength: 40 })
const plain = (data: Uint8Array) => Buffer.from(data).toString('hex')

test('keys and hashes are the same', () => {
  fc.assert(
    fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), text, (key, data, info) => {
      assert.equal(plain(light.md5(data)), plain(heavy.md5(data)))
      for (const options of [{ info }, { salt: data, info }, {}])
        assert.equal(plain(light.hkdf(key, 112, options)), plain(heavy.hkdf(key, 112, options as never)))
      const expected = heavy.expandAppStateKeys(key)
      const keys = Object.entries(light.expandAppStateKeys(key))
      assert.equal(keys.length, 5)
      for (const [name, value] of keys) assert.equal(plain(value), plain(expected[name as 'indexKey']), name)
    }),
  )
})

test('the sum over a collection is the same, and its input stays as it was', () => {
  const items = fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { maxLength: 8 })
  const sums = new light.LTHashAntiTampering()
  const expected = new heavy.LTHashAntiTampering()
  fc.assert(
    fc.property(bytes(128), items, items, (base, subtract, add) => {
      const before = plain(base)
      const sum = plain(sums.subtractThenAdd(base, subtract, add))
      assert.equal(plain(base), before)
      assert.equal(sum, plain(expected.subtractThenAdd(base, subtract, add)))
    }),
  )
})

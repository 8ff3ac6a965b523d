/** Node's check must say what the library's says: a signature that one takes and the other refuses is a contact without messages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as heavy from 'curve25519-js'
import fc from 'fast-check'
import * as light from './light-curve.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const message = fc.uint8Array({ maxLength: 200 })

function both(key: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean {
  const ours = light.verify(key, text, signature)
  assert.equal(ours, heavy.verify(key, text, signature))
  return ours
}

test('a signature is taken, and refused as soon as a bit of anything is another', () => {
  fc.assert(
    fc.property(bytes(32), message, bytes(64), fc.nat(), fc.nat(7), (seed, text, random, at, bit) => {
      const { public: key, private: secret } = heavy.generateKeyPair(seed)
      for (const signature of [heavy.sign(secret, text, undefined), heavy.sign(secret, text, random)]) {
        assert.ok(both(key, text, signature))
        const flipped = (data: Uint8Array) =>
          data.map((byte, index) => (index === at % data.length ? byte ^ (1 << bit) : byte))
        assert.equal(both(key, text, flipped(signature)), false)
        if (text.length > 0) assert.equal(both(key, flipped(text), signature), false)
        // The top bit of a key says nothing.
        const sameKey = at % 32 === 31 && bit === 7
        assert.equal(both(flipped(key), text, signature), sameKey)
      }
    }),
    { numRuns: 8 },
  )
})

test('keys that nobody has: both refuse', () => {
  const signature = new Uint8Array(64).fill(1)
  const minusOne = new Uint8Array(32).fill(0xff)
  minusOne[0] = 0xec
  minusOne[31] = 0x7f
  for (const key of [new Uint8Array(32), new Uint8Array(32).fill(0xff), minusOne])
    assert.equal(both(key, new Uint8Array(3), signature), false)
})

test('a wrong length is an error', () => {
  assert.throws(() => light.verify(new Uint8Array(31), new Uint8Array(1), new Uint8Array(64)), /key length/)
  assert.throws(
    () => light.verify(new Uint8Array(32), new Uint8Array(1), new Uint8Array(63)),
    /signature length/,
  )
})

/** The light one must say what the library says, or no contact could be read any more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import heavy from 'libsignal/src/crypto.js'
import * as light from './light-mac.ts'

const bytes = (maxLength: number, minLength = 0) =>
  fc.uint8Array({ minLength, maxLength }).map((data) => Buffer.from(data))

test('codes and derived secrets are those of the library', () => {
  fc.assert(
    fc.property(
      bytes(150),
      bytes(300),
      bytes(32, 32),
      fc.integer({ min: 1, max: 3 }),
      (key, data, salt, chunks) => {
        assert.deepEqual(light.calculateMAC(key, data), heavy.calculateMAC(key, data))
        assert.deepEqual(
          light.deriveSecrets(data, salt, key, chunks),
          heavy.deriveSecrets(data, salt, key, chunks),
        )
        assert.deepEqual(light.deriveSecrets(data, salt, key), heavy.deriveSecrets(data, salt, key))
      },
    ),
  )
})

test('a code is taken, and refused as soon as a bit of it is another', () => {
  fc.assert(
    fc.property(bytes(32, 32), bytes(100), fc.nat(7), fc.nat(7), (key, data, at, bit) => {
      const mac = Buffer.from(heavy.calculateMAC(key, data).subarray(0, 8))
      light.verifyMAC(data, key, mac, 8)
      mac.writeUInt8(mac.readUInt8(at) ^ (1 << bit), at)
      for (const { verifyMAC } of [light, heavy])
        assert.throws(() => verifyMAC(data, key, mac, 8), /^Error: Bad MAC$/)
    }),
  )
})

test('what the library refuses is refused', () => {
  const key = Buffer.alloc(32)
  for (const { calculateMAC, deriveSecrets, verifyMAC } of [light, heavy]) {
    assert.throws(() => calculateMAC(new Uint8Array(32) as Buffer, key), TypeError)
    assert.throws(() => calculateMAC(key, 'text' as never), TypeError)
    assert.throws(() => deriveSecrets(key, Buffer.alloc(31), key), /salt/)
    assert.throws(() => verifyMAC(key, key, Buffer.alloc(7), 8), /length/)
  }
})

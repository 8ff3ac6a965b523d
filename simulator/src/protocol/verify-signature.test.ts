import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Curve } from '@whiskeysockets/baileys'
import { verifySignature } from './verify-signature.ts'

test('accepts what the key signed, and nothing else', () => {
  for (let round = 0; round < 5; round++) {
    const { public: key, private: secret } = Curve.generateKeyPair()
    const message = randomBytes(1 + round * 40)
    const signature = Curve.sign(secret, message)
    assert.equal(verifySignature(key, message, signature), true)
    assert.equal(verifySignature(key, Buffer.concat([message, Buffer.from([0])]), signature), false)
    assert.equal(verifySignature(Curve.generateKeyPair().public, message, signature), false)
    assert.equal(verifySignature(key, message, randomBytes(64)), false)
    assert.equal(verifySignature(key, message, signature.subarray(1)), false)
  }
})

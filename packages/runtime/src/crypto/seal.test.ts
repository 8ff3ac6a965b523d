import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  constantTimeEqual,
  deriveInstanceKey,
  open,
  type SealingKey,
  seal,
  sealedKeyId,
  UnsealError,
} from './index.ts'

const key: SealingKey = { id: 7, bytes: randomBytes(32) }

test('what was sealed opens with the same key and place, whatever it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.string(), (plaintext, aad) => {
      assert.deepEqual(open(key, seal(key, plaintext, aad), aad), Buffer.from(plaintext))
    }),
  )
})

test('the same plaintext never looks the same twice', () => {
  const plaintext = Buffer.from('creds')
  assert.notDeepEqual(seal(key, plaintext, ''), seal(key, plaintext, ''))
})

test('a change of any single byte is noticed', () => {
  const sealed = seal(key, Buffer.from('noise key'), 'acme/sales')
  for (let i = 0; i < sealed.length; i++) {
    const tampered = Buffer.from(sealed)
    tampered[i] = (tampered[i] ?? 0) ^ 1
    assert.throws(() => open(key, tampered, 'acme/sales'), UnsealError, `byte ${i}`)
  }
})

test('a truncated, lengthened, foreign or misplaced envelope is refused', () => {
  const sealed = seal(key, Buffer.from('noise key'), 'acme/sales')
  for (let length = 0; length < sealed.length; length++)
    assert.throws(() => open(key, sealed.subarray(0, length), 'acme/sales'), UnsealError, `${length} bytes`)
  assert.throws(() => open(key, Buffer.concat([sealed, Buffer.from([0])]), 'acme/sales'), UnsealError)
  assert.throws(() => open(key, sealed, 'acme/support'), UnsealError)
  assert.throws(() => open({ id: 7, bytes: randomBytes(32) }, sealed, 'acme/sales'), UnsealError)
  assert.throws(() => open({ id: 8, bytes: key.bytes }, sealed, 'acme/sales'), /key 7, which is not at hand/)
})

test('after a rotation both keys open what they sealed', () => {
  const next: SealingKey = { id: 8, bytes: randomBytes(32) }
  for (const used of [key, next]) {
    const sealed = seal(used, Buffer.from('x'), '')
    assert.equal(sealedKeyId(sealed), used.id)
    assert.equal(open([next, key], sealed, '').toString(), 'x')
  }
})

test('each instance has its own key, the same at every derivation', () => {
  const derive = (organization: string, instance: string) =>
    Buffer.from(deriveInstanceKey(key, organization, instance).bytes).toString('hex')
  assert.equal(derive('acme', 'sales'), derive('acme', 'sales'))
  const all = [
    derive('acme', 'sales'),
    derive('acm', 'esales'),
    derive('acme', 'support'),
    derive('other', 'sales'),
  ]
  assert.equal(new Set(all).size, all.length)
  // Fixed, since data sealed by an older version must open.
  const fixed = deriveInstanceKey({ id: 1, bytes: Buffer.alloc(32, 1) }, 'acme', 'sales')
  assert.equal(Buffer.from(fixed.bytes).toString('hex').slice(0, 16), '83f31d0a5abaf7f0')
  assert.throws(() => deriveInstanceKey({ id: 1, bytes: Buffer.alloc(16) }, 'a', 'b'), RangeError)
})

test('secrets are compared by value, whatever their lengths', () => {
  assert.equal(constantTimeEqual('abc', Buffer.from('abc')), true)
  assert.equal(constantTimeEqual('abc', 'abd'), false)
  assert.equal(constantTimeEqual('abc', 'abcd'), false)
})

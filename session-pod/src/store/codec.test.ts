import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBatch, decodeValue, encodeBatch, encodeValue, isDeleted } from './codec.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    bytes,
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => !['$b', '$d', '__proto__'].includes(key)),
      tie('value'),
      {
        maxKeys: 4,
        noNullPrototype: true,
      },
    ),
  ),
}))

test('values come back as they were, bytes as buffers', () => {
  fc.assert(
    fc.property(value, (before) => {
      assert.deepEqual(decodeValue('creds', encodeValue('creds', before)), before)
    }),
  )
})

test('a batch keeps order, names with any character, deletions and ends of life', () => {
  const changes = [
    { type: 'session', id: '49151.0', json: encodeValue('session', { v: 1 }) },
    {
      type: 'app-state-sync-key',
      id: 'A/+=="',
      json: encodeValue('app-state-sync-key', { keyData: Buffer.from('x') }),
    },
    { type: 'sent', id: 'M1', json: encodeValue('sent', Buffer.from('proto')), expiresMs: 1234 },
    { type: 'pre-key', id: '7', json: encodeValue('pre-key', undefined) },
  ]
  const back = decodeBatch(encodeBatch(changes))
  assert.deepEqual(back, changes)
  assert.deepEqual(back.map(isDeleted), [false, false, false, true])
  assert.equal(decodeValue('pre-key', back[3]?.json ?? ''), undefined)
})

test('protobuf messages are stored by their fields, not by their own JSON', () => {
  class Message {
    key = new Uint8Array([1, 2])
    skipped = undefined
    toJSON() {
      return { key: 'AQI=' }
    }
  }
  assert.deepEqual(decodeValue('creds', encodeValue('creds', { account: new Message() })), {
    account: { key: Buffer.from([1, 2]) },
  })
})

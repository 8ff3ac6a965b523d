import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endingOf } from './ending.ts'

const boom = (message: string, statusCode: number, data?: unknown) =>
  Object.assign(new Error(message), { output: { statusCode }, data })

test('an error without a code, and nothing at all, have the code 0', () => {
  assert.deepEqual(endingOf(new Error('bad decrypt')), { code: 0, text: 'bad decrypt' })
  assert.deepEqual(endingOf(undefined), { code: 0, text: 'closed' })
})

test('the type of a conflict tells an unlinking from a rival', () => {
  const node = { tag: 'conflict', attrs: { type: 'device_removed' } }
  assert.equal(endingOf(boom('Stream Errored (conflict)', 401, node)).conflict, 'device_removed')
})

test('a temporary ban: for how long, and what for', () => {
  const ending = endingOf(boom('Connection Failure', 402, { reason: '402', code: '104', expire: '3600' }))
  assert.equal(ending.expiresInSeconds, 3600)
  assert.equal(ending.words, 'the same message to too many people')
})

test('what WhatsApp says to the person', () => {
  const said = { reason: '403', logout_message_header: 'Locked.', logout_message_subtext: 'See your phone.' }
  assert.equal(endingOf(boom('Connection Failure', 403, said)).words, 'Locked. See your phone.')
})

test('a stream that ends for a stanza without acknowledgement names it', () => {
  const node = { tag: 'ack', attrs: { class: 'message', id: '3A00' } }
  assert.equal(
    endingOf(boom('Stream Errored (ack)', 500, node)).text,
    'Stream Errored (ack): not acknowledged was message 3A00',
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNumberChange } from './number-change.ts'

const notice = (tag: string, attrs: Record<string, string>) => ({
  tag: 'notification',
  attrs: { type: 'contacts', from: '491@s.whatsapp.net', id: 'N' },
  content: [{ tag, attrs }],
})
const [before, next] = ['491@s.whatsapp.net', '492@s.whatsapp.net']

test('a notice of another number tells the pair that holds from now on', () => {
  const attrs = { old: before, new: next, old_lid: '9001@lid', new_lid: '9001@lid' }
  assert.deepEqual(readNumberChange(notice('modify', attrs)), { pn: next, lid: '9001@lid' })
})

test('without a LID, and in other notices, there is no pair', () => {
  assert.equal(readNumberChange(notice('modify', { old: before, new: next })), undefined)
  assert.equal(readNumberChange(notice('modify', { old: before, new: next, new_lid: next })), undefined)
  assert.equal(readNumberChange(notice('update', { hash: 'abc' })), undefined)
})

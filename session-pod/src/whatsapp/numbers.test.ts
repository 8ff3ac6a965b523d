import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberQuery, readNumbers } from './numbers.ts'

const asked = ['5511987654321', '491540000001']

/** What Baileys makes of WhatsApp's answer. */
function answer(rows: { jid: string; type?: string; number?: string }[]) {
  const users = rows.map(({ jid, type, number }) => ({
    tag: 'user',
    attrs: { jid },
    content: type ? [{ tag: 'contact', attrs: { type }, content: Buffer.from(number ?? '') }] : [],
  }))
  const list = { tag: 'list', attrs: {}, content: users }
  const usync = { tag: 'usync', attrs: {}, content: [list] }
  return numberQuery(asked).parseUSyncQueryResult({ tag: 'iq', attrs: { type: 'result' }, content: [usync] })
}

test("WhatsApp's own form of a number belongs to the number that was asked for", () => {
  const rows = [
    { jid: '491540000001@s.whatsapp.net', type: 'out', number: '+491540000001' },
    { jid: '551187654321@s.whatsapp.net', type: 'in', number: '+5511987654321' },
  ]
  assert.deepEqual(readNumbers(asked, answer(rows)?.list), [
    { phoneNumber: asked[0], exists: true, jid: '551187654321@s.whatsapp.net' },
    { phoneNumber: asked[1], exists: false },
  ])
  const single = answer([{ jid: '551187654321@s.whatsapp.net', type: 'in' }])?.list
  assert.equal(readNumbers(asked.slice(0, 1), single)[0]?.exists, true)
})

test('no answer is an error that may pass, never "not on WhatsApp"', () => {
  for (const list of [undefined, answer([])?.list, answer([{ jid: `${asked[0]}@s.whatsapp.net` }])?.list])
    assert.throws(() => readNumbers(asked.slice(0, 1), list), { code: 'dependency_unavailable' })
})

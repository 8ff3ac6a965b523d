import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encryptAnew } from './encrypt-anew.ts'

/** Devices whose sessions are broken, and those that WhatsApp has keys of. */
function setUp(broken: string[], known: string[]) {
  const sessions = new Set(broken)
  const renewed: string[] = []
  const skipped: string[] = []
  const encrypt = encryptAnew({
    async encrypt({ jid }: { jid: string }) {
      if (sessions.has(jid)) throw new Error('No session')
      return `for ${jid}`
    },
    async renew(jid) {
      renewed.push(jid)
      if (!known.includes(jid)) throw new Error('no keys')
      sessions.delete(jid)
    },
    onSkipped: (jid, error) => skipped.push(`${jid}: ${(error as Error).message}`),
  })
  return { encrypt, renewed, skipped }
}

test('a sound session is used as it is', async () => {
  const { encrypt, renewed } = setUp([], [])
  assert.equal(await encrypt({ jid: 'a' }), 'for a')
  assert.deepEqual(renewed, [])
})

test('a broken session is made anew once, and the message includes the device', async () => {
  const { encrypt, renewed, skipped } = setUp(['a'], ['a'])
  assert.equal(await encrypt({ jid: 'a' }), 'for a')
  assert.equal(await encrypt({ jid: 'a' }), 'for a')
  assert.deepEqual([renewed, skipped], [['a'], []])
})

test('a device without keys is left out, and it is told', async () => {
  const { encrypt, renewed, skipped } = setUp(['a'], [])
  await assert.rejects(encrypt({ jid: 'a' }), /No session/)
  assert.deepEqual([renewed, skipped], [['a'], ['a: No session']])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ending, type Reaction, reactionTo } from './disconnects.ts'

const rows: [Partial<Ending> & { code: number }, Reaction['kind']][] = [
  [{ code: 0, text: 'decrypt failure' }, 'backOff'],
  [{ code: 400 }, 'backOff'],
  [{ code: 401 }, 'confirmLogout'],
  [{ code: 401, conflict: 'device_removed' }, 'confirmLogout'],
  [{ code: 402, expiresInSeconds: 60 }, 'banned'],
  [{ code: 403 }, 'banned'],
  [{ code: 405 }, 'backOffSlowly'],
  [{ code: 406 }, 'banned'],
  [{ code: 408, text: 'Connection was lost' }, 'backOff'],
  [{ code: 408, text: 'QR refs attempts ended' }, 'pairingEnded'],
  [{ code: 409 }, 'backOffSlowly'],
  [{ code: 411 }, 'park'],
  [{ code: 412 }, 'backOff'],
  [{ code: 413 }, 'backOff'],
  [{ code: 414 }, 'backOff'],
  [{ code: 415 }, 'backOff'],
  [{ code: 418 }, 'backOff'],
  [{ code: 428 }, 'reconnectNow'],
  [{ code: 440, conflict: 'replaced' }, 'checkLease'],
  [{ code: 440, conflict: 'device_removed' }, 'confirmLogout'],
  [{ code: 500 }, 'backOff'],
  [{ code: 501 }, 'backOff'],
  [{ code: 503 }, 'reconnectNow'],
  [{ code: 515 }, 'reconnectNow'],
  [{ code: 516 }, 'backOff'],
  [{ code: 999 }, 'backOff'],
]

for (const [ending, kind] of rows) {
  test(`${ending.code} ${ending.conflict ?? ending.text ?? ''} -> ${kind}`, () => {
    assert.equal(reactionTo({ text: '', ...ending }).kind, kind)
  })
}

test('a temporary ban lasts as long as WhatsApp said, a day when it did not say', () => {
  const until = (e: Partial<Ending>) => {
    const reaction = reactionTo({ code: 402, text: '', ...e })
    return reaction.kind === 'banned' && reaction.untilSeconds
  }
  assert.equal(until({ expiresInSeconds: 600 }), 600)
  assert.equal(until({}), 86_400)
})

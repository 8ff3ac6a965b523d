import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '../session/journal.ts'
import { createState } from '../store/state.ts'
import { isTrustworthyPair } from './addresses.ts'
import { initAuthCreds } from './baileys.ts'
import { accountOf, isLinked, storedCredentials } from './credentials.ts'
import { endingOf } from './ending.ts'
import { linkedPhone, qrText, renewSecret } from './pairing.ts'

test('the QR always carries the present secret', () => {
  const creds = initAuthCreds()
  const before = creds.advSecretKey
  const [ref, noise, identity, secret, platform] = qrText('2@ref', creds).split('#')[1]?.split(',') ?? []
  assert.deepEqual([ref, secret, platform], ['2@ref', before, '1'])
  assert.equal(noise, Buffer.from(creds.noiseKey.public).toString('base64'))
  assert.equal(identity, Buffer.from(creds.signedIdentityKey.public).toString('base64'))
  renewSecret(creds)
  assert.ok(qrText('2@ref', creds).includes(creds.advSecretKey))
  assert.notEqual(creds.advSecretKey, before)
  assert.equal(Buffer.from(creds.advSecretKey, 'base64').length, 32)
})

test('who links is read from the stanza, before Baileys sees it', () => {
  const stanza = (jid: string) => ({
    tag: 'iq',
    attrs: { id: '1' },
    content: [{ tag: 'pair-success', attrs: {}, content: [{ tag: 'device', attrs: { jid } }] }],
  })
  assert.equal(linkedPhone(stanza('49151:7@s.whatsapp.net')), '49151')
  assert.equal(linkedPhone({ tag: 'iq', attrs: {} }), undefined)
})

test('credentials of an unfinished pairing by code are none', () => {
  const state = createState(createJournal(0))
  const creds = { ...initAuthCreds(), me: { id: '491@s.whatsapp.net', name: '~' } }
  state.restore('creds', 'main', creds)
  assert.equal(isLinked(creds), false)
  assert.equal(storedCredentials(state), undefined)
  assert.deepEqual(accountOf(creds), { jid: '491@s.whatsapp.net', phone: '491' })
})

test('a pair of addresses that would make a contact of ourselves is not believed', () => {
  const own = { pn: '490@s.whatsapp.net', lid: '9000@lid' }
  assert.equal(isTrustworthyPair({ lid: '9001@lid', pn: '491@s.whatsapp.net' }, own), true)
  assert.equal(isTrustworthyPair({ lid: '9000:3@lid', pn: '490:3@s.whatsapp.net' }, own), true)
  assert.equal(isTrustworthyPair({ lid: '9000@lid', pn: '491@s.whatsapp.net' }, own), false)
  assert.equal(isTrustworthyPair({ lid: '9001@lid', pn: '490@s.whatsapp.net' }, own), false)
})

test('endings as Baileys reports them', () => {
  const boom = (statusCode: number, data: unknown) =>
    Object.assign(new Error('x'), { output: { statusCode }, data })
  assert.equal(endingOf(boom(440, { tag: 'conflict', attrs: { type: 'replaced' } })).conflict, 'replaced')
  assert.equal(endingOf(boom(402, { reason: '402', expire: '600' })).expiresInSeconds, 600)
  assert.deepEqual(endingOf(undefined), { code: 0, text: 'closed' })
})

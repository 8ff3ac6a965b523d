import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '../session/journal.ts'
import { linkEnded } from '../store/ended-link.ts'
import { createState } from '../store/state.ts'
import { type AuthenticationCreds, initAuthCreds } from './baileys.ts'
import { flawOf, storedFlaw } from './soundness.ts'

const sound: AuthenticationCreds = {
  ...initAuthCreds(),
  me: { id: '491:1@s.whatsapp.net' },
  account: { details: new Uint8Array([1]), accountSignature: new Uint8Array(64) },
}
const other = initAuthCreds()

const halves: [string, Partial<Record<keyof AuthenticationCreds, unknown>>, RegExp][] = [
  ['no Noise key', { noiseKey: undefined }, /Noise key/],
  ['half a Noise key', { noiseKey: { public: sound.noiseKey.public } }, /Noise key/],
  ['halves of two keys', { noiseKey: { ...sound.noiseKey, public: other.noiseKey.public } }, /Noise key/],
  ['a key that was cut', { noiseKey: { ...sound.noiseKey, private: new Uint8Array(31) } }, /Noise key/],
  [
    'another identity',
    { signedIdentityKey: { ...sound.signedIdentityKey, private: other.noiseKey.private } },
    /identity key/,
  ],
  ['no signed pre-key', { signedPreKey: undefined }, /signed pre-key/],
  [
    'no signature',
    { signedPreKey: { ...sound.signedPreKey, signature: new Uint8Array() } },
    /signature of the signed/,
  ],
  ['no registration', { registrationId: undefined }, /registration/],
  ['nobody', { me: undefined }, /own address/],
  ['an address that is none', { me: { id: 'x' } }, /own address/],
  ['a phone that signed nothing', { account: { details: new Uint8Array([1]) } }, /phone’s signature/],
  ['no counter', { nextPreKeyId: undefined }, /counters/],
  ['a counter from elsewhere', { firstUnuploadedPreKeyId: Number.NaN }, /counters/],
]
for (const [name, damage, flaw] of halves)
  test(`half valid: ${name}`, () => assert.match(flawOf({ ...sound, ...damage }) ?? '', flaw))

test('what Baileys makes and a phone signs is sound', () => {
  assert.equal(flawOf(sound), undefined)
  for (const nothing of [null, undefined, 'text', 7]) assert.ok(flawOf(nothing))
})

test('keys without credentials are a flaw; nothing at all, or an ended link, is none', () => {
  const state = createState(createJournal(0))
  assert.equal(storedFlaw(state), undefined)
  state.restore('lid-mapping', '491', '9001')
  assert.equal(storedFlaw(state), undefined)
  state.restore('session', '491.0', {})
  assert.match(storedFlaw(state) ?? '', /missing/)
  state.restore('creds', 'main', sound)
  assert.equal(storedFlaw(state), undefined)
  state.restore('creds', 'main', { ...sound, me: undefined })
  assert.ok(storedFlaw(state))
  state.apply([linkEnded('device_removed', new Date())])
  assert.equal(storedFlaw(state), undefined)
})

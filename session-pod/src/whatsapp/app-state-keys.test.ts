import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '../session/journal.ts'
import { decodeValue, encodeValue } from '../store/codec.ts'
import { createState } from '../store/state.ts'
import { noteSharedKey, sharedKeys } from './app-state-keys.ts'
import { initAuthCreds, proto } from './baileys.ts'

const keyId = Buffer.from([0, 0, 1, 2])
const keyData = {
  keyData: Buffer.alloc(32, 7),
  fingerprint: { rawId: 1, currentIndex: 0, deviceIndexes: [0] },
  timestamp: 5,
}
const payload = proto.Message.encode({
  protocolMessage: { appStateSyncKeyShare: { keys: [{ keyId: { keyId }, keyData }, { keyId: {} }] } },
}).finish()
const stanza = (category?: string) => ({
  tag: 'message',
  attrs: { id: 'M', ...(category ? { category } : {}) },
})

test('shared keys are read from messages between own devices alone, and can be used as Baileys stores them', () => {
  assert.deepEqual(sharedKeys(stanza(), payload), [])
  assert.deepEqual(sharedKeys(stanza('peer'), proto.Message.encode({ conversation: 'x' }).finish()), [])
  const [change, ...more] = sharedKeys(stanza('peer'), payload)
  assert.deepEqual([change?.type, change?.id, more], ['app-state-sync-key', keyId.toString('base64'), []])
  const back = decodeValue('app-state-sync-key', encodeValue('app-state-sync-key', change?.value))
  const revived = proto.Message.AppStateSyncKeyData.fromObject(back as object)
  assert.deepEqual(Buffer.from(revived.keyData ?? []), keyData.keyData)
  assert.deepEqual(revived.fingerprint?.deviceIndexes, [0])
})

test('a key that was stored and not noted is noted by the next process; another one is left', () => {
  const state = createState(createJournal(0))
  const creds = initAuthCreds()
  noteSharedKey(creds, state)
  assert.equal(creds.myAppStateKeyId, undefined)
  state.restore('app-state-sync-key', 'AAE=', {})
  noteSharedKey(creds, state)
  assert.equal(creds.myAppStateKeyId, 'AAE=')
  state.restore('app-state-sync-key', 'AAI=', {})
  noteSharedKey(creds, state)
  assert.equal(creds.myAppStateKeyId, 'AAE=')
})

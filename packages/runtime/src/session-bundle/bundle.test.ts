import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createBox, sealTo } from '../crypto/index.ts'
import {
  type BundleRow,
  keyFrom,
  newKdf,
  openBundle,
  readHeader,
  readMultiFileState,
  sealBundle,
} from './index.ts'

const account = { jid: '49151@s.whatsapp.net', phone: '49151' }
const createdAt = '2026-11-21T12:00:00.000Z'
const rows: BundleRow[] = [['creds', 'main', { key: { $b: 'AAEC' } }]]
const invalid = { code: 'bundle_invalid' }

test('a bundle opens with its passphrase, in whatever form that is typed, and with no other', async () => {
  const kdf = newKdf()
  const bundle = await sealBundle(await keyFrom('caf\u00e9 au lait', kdf), { account, createdAt, kdf }, rows)
  const header = readHeader(bundle)
  assert.deepEqual(header, { account, createdAt, kdf })
  assert.deepEqual((await openBundle(await keyFrom('cafe\u0301 au lait', kdf), bundle)).rows, rows)
  await assert.rejects(openBundle(await keyFrom('cafe au lait', kdf), bundle), invalid)
})

test('a bundle that was changed anywhere does not open, and what is none is told apart', async () => {
  const key = randomBytes(32)
  const bundle = await sealBundle(key, { account, createdAt }, rows)
  for (let at = 13; at < bundle.length; at += 7) {
    const changed = Buffer.from(bundle)
    changed[at] = (changed[at] ?? 0) ^ 1
    await assert.rejects(openBundle(key, changed), invalid, `byte ${at}`)
  }
  for (const length of [0, 5, 12, 40, bundle.length - 1])
    await assert.rejects(openBundle(key, bundle.subarray(0, length)), invalid, `cut to ${length}`)
  const later = Buffer.from(bundle)
  later[8] = 2
  await assert.rejects(openBundle(key, later), { ...invalid, message: /version 2/ })
})

test('a bundle cannot make us work harder than bundles do', async () => {
  await assert.rejects(keyFrom('x', { ...newKdf(), N: 2 ** 24 }), invalid)
})

test('a box opens what was sealed for it and its purpose', () => {
  const box = createBox()
  const sealed = sealTo(box.publicKey, Buffer.from('key'), 'one')
  assert.equal(box.open(sealed, 'one').toString(), 'key')
  assert.throws(() => box.open(sealed, 'two'))
  assert.throws(() => createBox().open(sealed, 'one'))
  sealed[40] = (sealed[40] ?? 0) ^ 1
  assert.throws(() => box.open(sealed, 'one'))
  assert.throws(() => box.open(Buffer.alloc(10), 'one'))
})

test('the files of Baileys become the state of a session', () => {
  const bytes = { type: 'Buffer', data: 'AAEC' }
  const file = (name: string, value: unknown) => ({ name, content: JSON.stringify(value) })
  const creds = {
    me: { id: '49151:7@s.whatsapp.net', lid: '9001:7@lid', name: 'Ada' },
    account: { details: 'AAEC', accountSignature: 'AwQF' },
    noiseKey: { private: bytes, public: { type: 'Buffer', data: [0, 1, 2] } },
  }
  const { account: owner, rows: found } = readMultiFileState([
    file('auth/creds.json', creds),
    file('pre-key-12.json', { public: bytes }),
    file('session-9001_1.0.json', { _sessions: {} }),
    file('sender-key-1203@g.us--9001_1--0.json', bytes),
    file('sender-key-memory-1203@g.us.json', { a: true }),
    file('app-state-sync-key-AA__B=.json', { keyData: 'AAEC', timestamp: '1' }),
    file('lid-mapping-9001_reverse.json', '49151'),
    { name: 'notes.txt', content: 'not ours' },
  ])
  assert.deepEqual(owner, { jid: '49151@s.whatsapp.net', phone: '49151', lid: '9001@lid', pushName: 'Ada' })
  const b = { $b: 'AAEC' }
  assert.deepEqual(found, [
    [
      'creds',
      'main',
      {
        me: creds.me,
        account: { details: b, accountSignature: { $b: 'AwQF' } },
        noiseKey: { private: b, public: b },
      },
    ],
    ['pre-key', '12', { public: b }],
    ['session', '9001_1.0', { _sessions: {} }],
    ['sender-key', '1203@g.us::9001_1::0', b],
    ['sender-key-memory', '1203@g.us', { a: true }],
    ['app-state-sync-key', 'AA/B=', { keyData: b, timestamp: '1' }],
    ['lid-mapping', '9001_reverse', '49151'],
  ])
})

test('files that are not those of a linked device are refused, saying why', () => {
  const refuse = (files: { name: string; content: string }[], message: RegExp) =>
    assert.throws(() => readMultiFileState(files), { ...invalid, message })
  refuse([], /no creds\.json/)
  refuse([{ name: 'creds.json', content: '{' }], /creds\.json is not JSON/)
  refuse([{ name: 'creds.json', content: '{"me":{"id":"49151:1@s.whatsapp.net"}}' }], /linked device/)
})

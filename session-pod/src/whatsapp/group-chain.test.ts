import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js'
import { mendGroupChains } from './group-chain.ts'

const published = { encrypt: GroupCipher.prototype.encrypt, deserialize: SenderKeyRecord.deserialize }
const NAME = new SenderKeyName('1@g.us', { id: 'we', deviceId: 0, toString: () => 'we' })

function unmended(): void {
  GroupCipher.prototype.encrypt = published.encrypt
  SenderKeyRecord.deserialize = published.deserialize
}

/** One side of a chain, with its record as it is stored. */
function side() {
  let stored: string | undefined
  const store = {
    loadSenderKey: async () =>
      stored ? SenderKeyRecord.deserialize(Buffer.from(stored)) : new SenderKeyRecord(),
    storeSenderKey: async (_name: SenderKeyName, record: SenderKeyRecord) => {
      stored = JSON.stringify(record.serialize())
    },
  }
  const builder = new GroupSessionBuilder(store)
  const cipher = new GroupCipher(store, NAME)
  return {
    size: () => stored?.length ?? 0,
    distribution: async () => (await builder.create(NAME)).serialize(),
    learn: (bytes: Uint8Array) =>
      builder.process(NAME, new SenderKeyDistributionMessage(null, null, null, null, bytes)),
    encrypt: (text: string) => cipher.encrypt(Buffer.from(text)),
    decrypt: async (bytes: Uint8Array) => Buffer.from(await cipher.decrypt(bytes)).toString(),
  }
}
type Side = ReturnType<typeof side>

async function talk(we: Side, they: Side, texts: readonly string[]): Promise<void> {
  for (const text of texts) assert.equal(await they.decrypt(await we.encrypt(text)), text)
}
const texts = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix} ${i}`)

test('as published, a chain keeps a key for each message that it sends: when this fails, the patch can go', async () => {
  unmended()
  const [we, they] = [side(), side()]
  await they.learn(await we.distribution())
  await talk(we, they, texts(2, 'first'))
  const before = we.size()
  await talk(we, they, texts(10, 'more'))
  assert.ok(we.size() > before + 500, `${before} became ${we.size()}`)
})

test('a chain is used key by key: neither side keeps any, also of those it kept before', async () => {
  unmended()
  const [we, they, late] = [side(), side(), side()]
  await they.learn(await we.distribution())
  const fresh = we.size()
  await talk(we, they, texts(10, 'before'))
  mendGroupChains()
  await talk(we, they, texts(1, 'after'))
  assert.ok(we.size() < fresh + 20, `${fresh} became ${we.size()}`)
  const theirs = they.size()
  await talk(we, they, texts(40, 'on'))
  assert.ok(they.size() < theirs + 20, `${theirs} became ${they.size()}`)
  // Who is given the key now reads on from here.
  await late.learn(await we.distribution())
  await talk(we, late, texts(3, 'late'))
})

async function inAnotherOrder(): Promise<void> {
  const [we, they] = [side(), side()]
  await they.learn(await we.distribution())
  const [first, second, third] = [await we.encrypt('1'), await we.encrypt('2'), await we.encrypt('3')]
  assert.equal(await they.decrypt(third), '3')
  assert.equal(await they.decrypt(first), '1')
  assert.equal(await they.decrypt(second), '2')
  await assert.rejects(they.decrypt(second), /old counter/)
}

test('as published, what arrives after a later message of its chain cannot be read: when this fails, the patch can go', async () => {
  unmended()
  await assert.rejects(inAnotherOrder(), /Expected Buffer/)
})

test('what arrives in another order is read, and once', async () => {
  mendGroupChains()
  await inAnotherOrder()
})

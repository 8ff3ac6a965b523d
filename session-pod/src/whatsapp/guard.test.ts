import assert from 'node:assert/strict'
import { test } from 'node:test'
import libsignal from 'libsignal'
import curve from 'libsignal/src/curve.js'
import { assertRatchetGuarded, guardRatchet } from './guard.ts'
import { quietConsole } from './quiet.ts'

// First, while libsignal is as it was published.
await assert.rejects(assertRatchetGuarded(), /guard does not hold/)
guardRatchet()
quietConsole({ debug() {} } as never)

type Pair = { pubKey: Buffer; privKey: Buffer }
const { calculateSignature } = curve as unknown as {
  calculateSignature(key: Buffer, message: Buffer): Buffer
}

/** A device with one session record for its only peer. */
function device() {
  const identity: Pair = curve.generateKeyPair()
  const signed: Pair = curve.generateKeyPair()
  let stored: Uint8Array | undefined
  const storage = {
    loadSession: async () => stored && libsignal.SessionRecord.deserialize(stored),
    storeSession: async (_id: string, record: libsignal.SessionRecord) => {
      stored = JSON.parse(JSON.stringify(record.serialize()))
    },
    isTrustedIdentity: () => true,
    loadPreKey: async () => undefined,
    removePreKey: () => {},
    loadSignedPreKey: () => signed,
    getOurRegistrationId: () => 1,
    getOurIdentity: () => identity,
  }
  const address = new libsignal.ProtocolAddress('peer', 0)
  const cipher = new libsignal.SessionCipher(storage, address)
  return {
    bundle: () => ({
      registrationId: 1,
      identityKey: identity.pubKey,
      signedPreKey: {
        keyId: 1,
        publicKey: signed.pubKey,
        signature: calculateSignature(identity.privKey, signed.pubKey),
      },
    }),
    begin: (bundle: object) => new libsignal.SessionBuilder(storage, address).initOutgoing(bundle as never),
    async encrypt(text: string) {
      const { type, body } = await cipher.encrypt(Buffer.from(text))
      return { type, body: Buffer.from(body, 'binary') }
    },
    async decrypt({ type, body }: { type: number; body: Buffer }) {
      const plain = type === 3 ? cipher.decryptPreKeyWhisperMessage(body) : cipher.decryptWhisperMessage(body)
      return (await plain).toString()
    },
  }
}

test('two sessions in a record: trying one for a message of the other does not damage it', async () => {
  const [we, they] = [device(), device()]
  await we.begin(they.bundle())
  assert.equal(await they.decrypt(await we.encrypt('one')), 'one')
  assert.equal(await we.decrypt(await they.encrypt('two')), 'two')
  // We begin anew, as after a restart that fetched keys again; they have not heard of it and write on the old session.
  const late = [await they.encrypt('three'), await they.encrypt('four')]
  await we.begin(they.bundle())
  for (const [index, message] of late.entries())
    assert.equal(await we.decrypt(message), ['three', 'four'][index])
  // Our open session was tried for both; what we write with it must still be readable.
  const ours = await we.encrypt('five')
  assert.equal(ours.type, 3)
  assert.equal(await they.decrypt(ours), 'five')
})

test('the check passes with the guard, which can be put on twice', async () => {
  guardRatchet()
  await assertRatchetGuarded()
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import libsignal from 'libsignal'
import curve from 'libsignal/src/curve.js'
import { createJournal } from '../session/journal.ts'
import { createGroups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { guardRatchet } from './guard.ts'
import { createHandedOut } from './handed-out.ts'
import { createKeyStores } from './key-store.ts'
import { quietConsole } from './quiet.ts'

guardRatchet()
quietConsole({ debug() {} } as never)

const { calculateSignature } = curve as unknown as {
  calculateSignature(key: Buffer, message: Buffer): Buffer
}
const PEER = new libsignal.ProtocolAddress('peer', 0)
type Sealed = { type: number; body: Buffer }
class Refused extends Error {}

/** A device that keeps its session as a session pod does. */
function device() {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const { signal } = createKeyStores(groups, { learn: () => {} }, createHandedOut(state, groups))
  const [identity, signed] = [curve.generateKeyPair(), curve.generateKeyPair()]
  let loads = 0
  let live = 0
  const storage = {
    async loadSession(id: string) {
      const { [id]: found } = await signal.get('session', [id])
      loads += 1
      if (found instanceof libsignal.SessionRecord) live += 1
      return found && libsignal.SessionRecord.deserialize(found)
    },
    async storeSession(id: string, record: libsignal.SessionRecord) {
      await signal.set({ session: { [id]: record.serialize() as never } })
    },
    isTrustedIdentity: () => true,
    loadPreKey: async () => undefined,
    removePreKey: () => {},
    loadSignedPreKey: () => signed,
    getOurRegistrationId: () => 1,
    getOurIdentity: () => identity,
  }
  const cipher = new libsignal.SessionCipher(storage, PEER)
  const inGroup = <T>(work: () => Promise<T>, refused: boolean) =>
    groups.run(async () => {
      const result = await work()
      if (refused) throw new Refused()
      return result
    })
  return {
    begin: (bundle: object) =>
      groups.run(() => new libsignal.SessionBuilder(storage, PEER).initOutgoing(bundle as never)),
    bundle: () => ({
      registrationId: 1,
      identityKey: identity.pubKey,
      signedPreKey: {
        keyId: 1,
        publicKey: signed.pubKey,
        signature: calculateSignature(
          (identity as { privKey?: Buffer }).privKey ?? Buffer.of(),
          signed.pubKey,
        ),
      },
    }),
    encrypt: (text: string, refused: boolean): Promise<Sealed> =>
      inGroup(async () => {
        const { type, body } = await cipher.encrypt(Buffer.from(text))
        return { type, body: Buffer.from(body, 'binary') }
      }, refused),
    decrypt: ({ type, body }: Sealed, refused: boolean): Promise<string> =>
      inGroup(async () => {
        const plain =
          type === 3 ? cipher.decryptPreKeyWhisperMessage(body) : cipher.decryptWhisperMessage(body)
        return (await plain).toString()
      }, refused),
    /** What would be used next, and what is stored. */
    async next() {
      const stored = state.get('session', PEER.toString()) as { _sessions: object } | undefined
      const record = stored && (await storage.loadSession(PEER.toString()))
      // Each entry by itself: serialising the record would make it stand for another stored form.
      const { sessions } = (record ?? { sessions: {} }) as unknown as {
        sessions: Record<string, { serialize(): object }>
      }
      const used = Object.fromEntries(
        Object.entries(sessions).map(([key, entry]) => [key, entry.serialize()]),
      )
      return { used, stored: stored?._sessions ?? {} }
    },
    shareLive: () => live / loads,
  }
}

type Device = ReturnType<typeof device>

const step = fc.record({
  from: fc.nat(1),
  /** The sender makes a new session first, as when the old one seems to be broken. */
  anew: fc.nat(3).map((n) => n === 0),
  fate: fc.constantFrom(
    'arrives',
    'arrives',
    'arrives',
    'refused by the sender',
    'refused',
    'garbled',
    'lost',
  ),
})

test('what is used next is what is stored, whatever was refused, garbled or lost before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const pair = [device(), device()] as const
      await pair[0].begin(pair[1].bundle())
      let canAnswer = false
      for (const [index, { from, anew, fate }] of steps.entries()) {
        const answers = canAnswer && from === 1
        const sender: Device = answers ? pair[1] : pair[0]
        const receiver: Device = answers ? pair[0] : pair[1]
        if (anew) await sender.begin(receiver.bundle())
        const sealing: Promise<Sealed> = sender.encrypt(`${index}`, fate === 'refused by the sender')
        if (fate === 'refused by the sender') await assert.rejects(sealing, Refused)
        else {
          const sealed: Sealed = await sealing
          // Within the MAC, of either type.
          if (fate === 'garbled')
            sealed.body.writeUInt8(sealed.body.readUInt8(sealed.body.length - 8) ^ 1, sealed.body.length - 8)
          if (fate === 'garbled' || fate === 'refused') await assert.rejects(receiver.decrypt(sealed, true))
          if (fate === 'refused' || fate === 'arrives') {
            assert.equal(await receiver.decrypt(sealed, false), `${index}`)
            canAnswer = true
          }
        }
        for (const one of pair) {
          const { used, stored } = await one.next()
          assert.deepEqual(used, stored)
        }
      }
    }),
    { numRuns: 40 },
  )
})

test('of a lively conversation nearly all sessions are live', async () => {
  const [we, they] = [device(), device()]
  await we.begin(they.bundle())
  for (let i = 0; i < 20; i++) {
    await they.decrypt(await we.encrypt(`${i}`, false), false)
    await we.decrypt(await they.encrypt(`${i}`, false), false)
  }
  assert.ok(we.shareLive() > 0.9 && they.shareLive() > 0.9, `${we.shareLive()}`)
})

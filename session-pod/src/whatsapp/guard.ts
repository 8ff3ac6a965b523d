/**
 * A guard around a fault of libsignal 6: `decryptWithSessions` tries every session of a record, and `doDecryptWhisperMessage` steps the
 * ratchet of each before it verifies the MAC. When a later session fits, the whole record is stored, with the damaged ones; if one of
 * those is the open session, every further message to that contact is undecryptable, for good. Two sessions in a record are normal after
 * both sides began one, or after a restart during traffic.
 */
import libsignal from 'libsignal'
import curve from 'libsignal/src/curve.js'
import protobufs from 'libsignal/src/protobufs.js'
import SessionEntryRecord from 'libsignal/src/session_record.js'

type SessionEntry = { serialize(): object; constructor: { deserialize(data: object): object } }
type Cipher = { doDecryptWhisperMessage(message: Buffer, session: SessionEntry): Promise<Buffer> }

const guarded = Symbol('guarded')

/** Makes a failed attempt leave the session as it was. Safe to call again; must patch the copy of libsignal that Baileys loads. */
export function guardRatchet(): void {
  const prototype = libsignal.SessionCipher.prototype as unknown as Cipher & { [guarded]?: true }
  if (prototype[guarded]) return
  const unguarded = prototype.doDecryptWhisperMessage
  prototype.doDecryptWhisperMessage = async function (message, session) {
    const before = session.serialize()
    try {
      return await unguarded.call(this, message, session)
    } catch (error) {
      restore(session, before)
      throw error
    }
  }
  prototype[guarded] = true
}

function restore(session: SessionEntry, before: object): void {
  const original = session.constructor.deserialize(before)
  for (const key of Object.keys(session)) if (!(key in original)) Reflect.deleteProperty(session, key)
  Object.assign(session, original)
}

/**
 * Decrypts a message that does not fit a session and sees whether the session stayed as it was.
 * @throws Error when it did not: then this process must not run
 */
export async function assertRatchetGuarded(): Promise<void> {
  const session = strangeSession()
  const before = JSON.stringify(session.serialize())
  const cipher = new libsignal.SessionCipher({} as never, new libsignal.ProtocolAddress('check', 0))
  const attempt = (cipher as unknown as Cipher).doDecryptWhisperMessage(messageOfNobody(), session)
  const failed = await attempt.then(
    () => false,
    () => true,
  )
  if (!failed || JSON.stringify(session.serialize()) !== before)
    throw new Error('the ratchet guard does not hold with this version of libsignal')
}

function messageOfNobody(): Buffer {
  const body = protobufs.WhisperMessage.encode(
    protobufs.WhisperMessage.create({
      ephemeralKey: curve.generateKeyPair().pubKey,
      counter: 0,
      previousCounter: 0,
      ciphertext: Buffer.alloc(16),
    }),
  ).finish()
  return Buffer.concat([Buffer.from([0x33]), body, Buffer.alloc(8)])
}

function strangeSession(): SessionEntry {
  const own = curve.generateKeyPair()
  const session = SessionEntryRecord.createEntry()
  session.registrationId = 1
  session.currentRatchet = {
    ephemeralKeyPair: own,
    lastRemoteEphemeralKey: curve.generateKeyPair().pubKey,
    previousCounter: 0,
    rootKey: Buffer.alloc(32, 1),
  }
  session.indexInfo = {
    baseKey: own.pubKey,
    baseKeyType: 1,
    closed: -1,
    used: 0,
    created: 0,
    remoteIdentityKey: own.pubKey,
  }
  return session
}

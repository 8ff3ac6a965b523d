/**
 * libsignal steps the ratchet of a session before it verifies the MAC. After both sides began a session at once a record holds two, each
 * is tried, and the attempt that does not fit damages its session for good. Here a failed attempt leaves the session as it was.
 */
import { SessionCipher } from 'libsignal'

interface Session {
  serialize(): object
  constructor: { deserialize(data: object): object }
}
interface Cipher {
  doDecryptWhisperMessage(message: Buffer, session: Session): Promise<Buffer>
}

const installed = Symbol.for('warren.guarded-libsignal')

/** Guards libsignal in this process once, however often it is called. */
export const guardLibsignal = (): void => {
  const prototype = SessionCipher.prototype as unknown as Cipher & { [installed]?: true }
  if (prototype[installed]) return
  prototype[installed] = true
  const unguarded = prototype.doDecryptWhisperMessage
  prototype.doDecryptWhisperMessage = async function (message, session) {
    const before = session.serialize()
    try {
      return await unguarded.call(this, message, session)
    } catch (error) {
      const original = session.constructor.deserialize(before)
      for (const key of Object.keys(session)) if (!(key in original)) Reflect.deleteProperty(session, key)
      Object.assign(session, original)
      throw error
    }
  }
}

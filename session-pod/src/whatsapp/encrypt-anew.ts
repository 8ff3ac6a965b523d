/** A device that a message cannot be encrypted for: Baileys leaves it out and sends the rest, and nobody learns of it. */

export type Encrypt<O, R> = (options: O) => Promise<R>

/**
 * Makes the session with such a device anew and tries once more, in the middle of the send that met it.
 *
 * @param renew makes a new session with the device; rejects when WhatsApp has no keys of it
 * @param onSkipped it did not help either: the message goes out without the device, or fails when it was the only one
 */
export function encryptAnew<O extends { readonly jid: string }, R>(options: {
  encrypt: Encrypt<O, R>
  renew: (jid: string) => Promise<unknown>
  onSkipped: (jid: string, error: unknown) => void
}): Encrypt<O, R> {
  const { encrypt, renew, onSkipped } = options
  return async (message) => {
    try {
      return await encrypt(message)
    } catch (first) {
      try {
        await renew(message.jid)
        return await encrypt(message)
      } catch {
        onSkipped(message.jid, first)
        throw first
      }
    }
  }
}

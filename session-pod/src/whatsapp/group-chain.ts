/**
 * Two faults of Baileys' sender keys.
 *
 * `encrypt` leaves out every other key of its own chain, as if a message had been lost, and keeps the ones
 * that it left out. After some thousand messages to a group its record holds 2,000 of them, a quarter of a megabyte that is stored with each
 * message, here and with every recipient that keeps them as Baileys does. A chain has one key a message (Signal's sender keys), so each is
 * used here, and what was kept is dropped: nobody decrypts what they wrote themselves.
 *
 * And `deserialize` does not make the keys that it kept bytes again, so that a message of a group that arrives after a later one is
 * undecryptable, although its key is there.
 */
import { GroupCipher } from '@whiskeysockets/baileys/lib/Signal/Group/group_cipher.js'
import { SenderKeyMessage } from '@whiskeysockets/baileys/lib/Signal/Group/sender-key-message.js'
import type { SenderKeyName } from '@whiskeysockets/baileys/lib/Signal/Group/sender-key-name.js'
import { SenderKeyRecord } from '@whiskeysockets/baileys/lib/Signal/Group/sender-key-record.js'

/** What the cipher has; private in Baileys' types. */
type Inside = {
  readonly senderKeyName: SenderKeyName
  readonly senderKeyStore: {
    loadSenderKey(name: SenderKeyName): Promise<SenderKeyRecord>
    storeSenderKey(name: SenderKeyName, record: SenderKeyRecord): Promise<void>
  }
  getCipherText(iv: Uint8Array, key: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array>
}

/** Makes every group cipher of this process use its own chain key by key, and find the keys it kept of others. Safe to call again. */
export function mendGroupChains(): void {
  GroupCipher.prototype.encrypt = encrypt
  SenderKeyRecord.deserialize = (data) =>
    new SenderKeyRecord(
      JSON.parse(Buffer.from(data).toString('utf8'), (_key, value) => bytesOf(value) ?? value),
    )
}

/** `JSON.stringify` writes a buffer as a list of numbers, and plain bytes as an object with their places; Baileys also as base64. */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { type, data } = value as { type?: unknown; data?: unknown }
  if (type === 'Buffer')
    return typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data as number[])
  return '0' in value ? Buffer.from(Object.values(value) as number[]) : undefined
}

async function encrypt(this: GroupCipher, plaintext: Uint8Array): Promise<Uint8Array> {
  const { senderKeyName, senderKeyStore } = this as unknown as Inside
  const record = await senderKeyStore.loadSenderKey(senderKeyName)
  const state = record.getSenderKeyState()
  if (!state) throw new Error('there is no chain for this group')
  const chain = state.getSenderChainKey()
  const key = chain.getSenderMessageKey()
  const ciphertext = await (this as unknown as Inside).getCipherText(
    key.getIv(),
    key.getCipherKey(),
    plaintext,
  )
  const message = new SenderKeyMessage(
    state.getKeyId(),
    key.getIteration(),
    ciphertext,
    state.getSigningKeyPrivate(),
  )
  state.setSenderChainKey(chain.getNext())
  state.getStructure().senderMessageKeys.length = 0
  await senderKeyStore.storeSenderKey(senderKeyName, record)
  return message.serialize()
}

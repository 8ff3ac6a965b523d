import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
  SenderKeyMessage,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js'
import { type DeviceAddress, deviceKey } from './address.ts'

/** Sender keys: one chain for each group and author, which every member has. */
export interface GroupKeys {
  /** Seals with the own chain of the group, which is begun with the first message. */
  seal(group: string, plain: Uint8Array): Promise<{ distribution: Uint8Array; ciphertext: Uint8Array }>
  /** Takes a chain that its author handed out. */
  learn(group: string, author: DeviceAddress, distribution: Uint8Array): Promise<void>
  /** Rejects when the author's chain is not known, or the message was opened before. */
  open(group: string, author: DeviceAddress, ciphertext: Uint8Array): Promise<Uint8Array>
}

/** Serialised records by the name of their chain. */
export type GroupKeyState = Record<string, ReturnType<SenderKeyRecord['serialize']>>

const OWN = 'own'
/** Private in Baileys' types. */
type Inside = { getCipherText(iv: Uint8Array, key: Uint8Array, plain: Uint8Array): Promise<Uint8Array> }

const copyOf = (chain: GroupKeyState[string][number]): GroupKeyState[string][number] => ({
  ...chain,
  // As buffers also after a restart: libsignal takes no other bytes.
  senderMessageKeys: chain.senderMessageKeys.map(({ iteration, seed }) => ({
    iteration,
    seed: Buffer.from(seed),
  })),
})

export const createGroupKeys = (state: GroupKeyState): GroupKeys => {
  const nameOf = (group: string, id: string) =>
    new SenderKeyName(group, { id, deviceId: 0, toString: () => id })
  const store = {
    // A copy: an opening that fails must leave the chain as it was.
    loadSenderKey: async (name: SenderKeyName) => new SenderKeyRecord(state[name.toString()]?.map(copyOf)),
    async storeSenderKey(name: SenderKeyName, record: SenderKeyRecord) {
      state[name.toString()] = record.serialize()
    },
  }
  const builder = new GroupSessionBuilder(store)

  /** As WhatsApp's apps do, with the next key of the chain. Baileys leaves out every other one, and keeps those. */
  async function sealNext(name: SenderKeyName, plain: Uint8Array): Promise<Uint8Array> {
    const record = await store.loadSenderKey(name)
    const chain = record.getSenderKeyState()
    if (!chain) throw new Error('no chain was begun')
    const link = chain.getSenderChainKey()
    const key = link.getSenderMessageKey()
    const cipher = new GroupCipher(store, name) as unknown as Inside
    const sealed = await cipher.getCipherText(key.getIv(), key.getCipherKey(), plain)
    chain.setSenderChainKey(link.getNext())
    await store.storeSenderKey(name, record)
    const signing = chain.getSigningKeyPrivate()
    return new SenderKeyMessage(chain.getKeyId(), key.getIteration(), sealed, signing).serialize()
  }
  return {
    async seal(group, plain) {
      const name = nameOf(group, OWN)
      const distribution = (await builder.create(name)).serialize()
      return { distribution, ciphertext: await sealNext(name, plain) }
    },
    async learn(group, author, distribution) {
      const message = new SenderKeyDistributionMessage(null, null, null, null, distribution)
      await builder.process(nameOf(group, deviceKey(author)), message)
    },
    open: (group, author, ciphertext) =>
      new GroupCipher(store, nameOf(group, deviceKey(author))).decrypt(ciphertext),
  }
}

import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
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

export const createGroupKeys = (state: GroupKeyState): GroupKeys => {
  const nameOf = (group: string, id: string) =>
    new SenderKeyName(group, { id, deviceId: 0, toString: () => id })
  const store = {
    // A copy: an opening that fails must leave the chain as it was.
    loadSenderKey: async (name: SenderKeyName) =>
      new SenderKeyRecord(structuredClone(state[name.toString()])),
    async storeSenderKey(name: SenderKeyName, record: SenderKeyRecord) {
      state[name.toString()] = record.serialize()
    },
  }
  const builder = new GroupSessionBuilder(store)
  return {
    async seal(group, plain) {
      const name = nameOf(group, OWN)
      const distribution = (await builder.create(name)).serialize()
      return { distribution, ciphertext: await new GroupCipher(store, name).encrypt(plain) }
    },
    async learn(group, author, distribution) {
      const message = new SenderKeyDistributionMessage(null, null, null, null, distribution)
      await builder.process(nameOf(group, deviceKey(author)), message)
    },
    open: (group, author, ciphertext) =>
      new GroupCipher(store, nameOf(group, deviceKey(author))).decrypt(ciphertext),
  }
}

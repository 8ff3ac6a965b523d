// What Baileys takes from its WebAssembly bridge, on Node's own cryptography: the bridge costs 7 MB from the moment it is loaded, and a
// session loads it when WhatsApp sends the state of its chats. The test beside this compares each function with the bridge's.
import { createHash, hkdfSync } from 'node:crypto'

const KEY_BYTES = 32
const SUM_BYTES = 128
const NO_SALT = new Uint8Array(0)

export const md5 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('md5').update(data).digest())

export const hkdf = (
  key: Uint8Array,
  length: number,
  { salt, info }: { salt?: Uint8Array | null; info?: string },
): Uint8Array => new Uint8Array(hkdfSync('sha256', key, salt ?? NO_SALT, info ?? '', length))

/** The five keys of a collection of app state, in the order in which WhatsApp cuts them. */
export function expandAppStateKeys(keyData: Uint8Array) {
  const expanded = hkdf(keyData, 5 * KEY_BYTES, { info: 'WhatsApp Mutation Keys' })
  const at = (index: number) => expanded.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES)
  return {
    indexKey: at(0),
    valueEncryptionKey: at(1),
    valueMacKey: at(2),
    snapshotMacKey: at(3),
    patchMacKey: at(4),
  }
}

/** The sum over a collection: each value is stretched to 64 numbers of 16 bits, little-endian, that are added and taken away with wrap-around. */
export class LTHashAntiTampering {
  subtractThenAdd(base: Uint8Array, subtract: readonly Uint8Array[], add: readonly Uint8Array[]): Uint8Array {
    const sum = Buffer.from(base)
    for (const item of subtract) shift(sum, item, -1)
    for (const item of add) shift(sum, item, 1)
    return new Uint8Array(sum)
  }
}

function shift(sum: Buffer, item: Uint8Array, sign: 1 | -1): void {
  const stretched = Buffer.from(hkdf(item, SUM_BYTES, { info: 'WhatsApp Patch Integrity' }))
  for (let at = 0; at < SUM_BYTES; at += 2)
    sum.writeUInt16LE((sum.readUInt16LE(at) + sign * stretched.readUInt16LE(at)) & 0xffff, at)
}

// What Baileys takes from its WebAssembly bridge, without the bridge: hashing and key derivation, needed all the time, are Node's own; the
// arithmetic of app state, needed rarely, is in a file that is read on first use. The bridge costs 7 MB from the moment it is loaded.
import { createHash, hkdfSync } from 'node:crypto'

let bridge
const full = () => {
  bridge ??= require('./app-state-bridge.cjs')
  return bridge
}

export const md5 = (data) => new Uint8Array(createHash('md5').update(data).digest())
export const hkdf = (key, length, { salt, info }) =>
  new Uint8Array(hkdfSync('sha256', key, salt ?? new Uint8Array(0), info ?? '', length))
export const expandAppStateKeys = (key) => full().expandAppStateKeys(key)

// Baileys makes one while it is imported.
export class LTHashAntiTampering {
  subtractThenAdd(...args) {
    this.real ??= new (full().LTHashAntiTampering)()
    return this.real.subtractThenAdd(...args)
  }
}

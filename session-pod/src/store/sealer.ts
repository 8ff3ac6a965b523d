import { open, type SealingKey, seal, sealedKeyId } from '@warren/runtime/crypto'

/** Seals for one place only: what was sealed as commit 7 of an account opens nowhere else. */
export type Sealer = {
  commit(n: number, text: string): Uint8Array
  openCommit(n: number, sealed: Uint8Array): string
  value(type: string, id: string, n: number, text: string): Uint8Array
  openValue(type: string, id: string, n: number, sealed: Uint8Array): string
  /** Id of the key that seals. */
  readonly keyId: number
  /** Whether something was sealed with an earlier key. */
  isStale(sealed: Uint8Array): boolean
}

/**
 * @param keys the first one seals; what was sealed with any of them opens
 * @param instance part of what everything is bound to
 */
export function createSealer(keys: readonly [SealingKey, ...SealingKey[]], instance: string): Sealer {
  const [key] = keys
  const commitPlace = (n: number) => JSON.stringify(['commit', instance, n])
  const valuePlace = (type: string, id: string, n: number) => JSON.stringify(['value', instance, type, id, n])
  return {
    commit: (n, text) => seal(key, Buffer.from(text), commitPlace(n)),
    openCommit: (n, sealed) => open(keys, sealed, commitPlace(n)).toString(),
    value: (type, id, n, text) => seal(key, Buffer.from(text), valuePlace(type, id, n)),
    openValue: (type, id, n, sealed) => open(keys, sealed, valuePlace(type, id, n)).toString(),
    keyId: key.id,
    isStale: (sealed) => sealedKeyId(sealed) !== key.id,
  }
}

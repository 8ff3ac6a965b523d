/**
 * Baileys' key store on the session's state. Reads never wait for a database and never fail: Baileys takes a rejected read for "no
 * session" and would build a new one over the old.
 */
import type { Groups } from '../store/groups.ts'
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction } from './baileys.ts'
import { HANDED_OUT, type HandedOut } from './handed-out.ts'
import { createLiveSessions } from './live-sessions.ts'
import type { Pairs } from './pairs.ts'

export type KeyStores = {
  /** For the Signal repository: its transactions are groups. */
  readonly signal: SignalKeyStoreWithTransaction
  /**
   * For the rest of Baileys. Its transactions span network queries and the sending of frames, under labels that exclude nobody: here they
   * are nothing, and each `set` is a group.
   */
  readonly passThrough: SignalKeyStoreWithTransaction
  /** Gives back what only makes the next message faster. */
  forget(): void
}

export function createKeyStores(groups: Groups, pairs: Pairs, handedOut: HandedOut): KeyStores {
  const sessions = createLiveSessions(groups)

  async function get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
    const found: Record<string, SignalDataTypeMap[T]> = {}
    for (const id of ids) {
      const value = type === HANDED_OUT ? handedOut.get(id) : groups.get(type, id)
      if (value === undefined) continue
      found[id] = (type === 'session' ? sessions.take(id, value) : lendable(value)) as SignalDataTypeMap[T]
    }
    return found
  }

  const set = (data: SignalDataSet) =>
    groups.run(async () => {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values ?? {})) put(type, id, value ?? undefined)
      }
    })

  function put(type: string, id: string, value: unknown): void {
    if (type === HANDED_OUT) {
      handedOut.set(id, value)
      return
    }
    // A pre-key that exists was perhaps uploaded: Baileys reads back what it wrote, and gets the one that counts.
    if (type === 'pre-key' && value !== undefined && groups.get(type, id) !== undefined) return
    if (type === 'lid-mapping' && typeof value === 'string' && !id.endsWith('_reverse'))
      pairs.learn(id, value)
    if (type === 'session') sessions.put(id, value)
    groups.put({ type, id, value })
  }

  return {
    signal: { get, set, isInTransaction: groups.inside, transaction: (work) => groups.run(work) },
    passThrough: { get, set, isInTransaction: () => false, transaction: (work) => work() },
    forget: sessions.forget,
  }
}

/** Baileys changes lists and maps that it got in place; keys it does not. */
function lendable(value: unknown): unknown {
  if (Array.isArray(value)) return [...value]
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return { ...value }
}

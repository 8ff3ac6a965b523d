import {
  type AuthenticationState,
  BufferJSON,
  initAuthCreds,
  type SignalDataSet,
} from '@whiskeysockets/baileys'

/** Credentials in memory: `snapshot` is a deep copy, to start over from an earlier state as after a crash. */
export interface MemoryAuth {
  state: AuthenticationState
  snapshot(): MemoryAuth
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value, BufferJSON.replacer), BufferJSON.reviver)

export const createMemoryAuth = (kept?: {
  creds: AuthenticationState['creds']
  keys: Record<string, unknown>
}): MemoryAuth => {
  const creds = kept?.creds ?? initAuthCreds()
  const keys: Record<string, unknown> = kept?.keys ?? {}
  const state: AuthenticationState = {
    creds,
    keys: {
      get: async (type, ids) => {
        const found = ids.flatMap((id) => (`${type} ${id}` in keys ? [[id, keys[`${type} ${id}`]]] : []))
        return Object.fromEntries(found)
      },
      set: async (data: SignalDataSet) => {
        for (const [type, values] of Object.entries(data)) {
          for (const [id, value] of Object.entries(values ?? {})) {
            if (value == null) delete keys[`${type} ${id}`]
            else keys[`${type} ${id}`] = value
          }
        }
      },
    },
  }
  return { state, snapshot: () => createMemoryAuth(copy({ creds, keys })) }
}

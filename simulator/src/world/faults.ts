/** What goes wrong, for everyone or for one account. Everything is off when absent. */
export interface Faults {
  /** Frames vanish in both directions while the connection stays: the client ends with 408. */
  silence?: boolean
  /** Milliseconds added to every frame from (`inMs`) and to (`outMs`) the client. */
  latency?: { inMs?: number; outMs?: number }
  /** `failure reason=N` instead of success at the next logins; `attrs` are added to the stanza. */
  loginFailure?: { reason: number; attrs?: Record<string, string>; times?: number }
  /** Messages are taken and delivered, but no ack is sent. */
  withholdAcks?: boolean
  /** What nobody asked for (messages, receipts, notifications) is kept until the next login; questions are answered as always. */
  deaf?: boolean
  /** An iq error for everything that is asked about a group: 403 for who is no member, 404 for a group that is no more. */
  refuseGroups?: number
  /** The next messages are refused: an ack with this error, nothing is delivered. */
  ackError?: { code: number; times?: number }
  /** Until then (milliseconds since 1970) messages that begin a conversation are refused with 463. The client is told, and again when it asks. */
  reachoutTimelock?: { until: number }
  /** The quota of new conversations. `CAPPED` refuses as above; `until` is the end of the cycle. The client is told. */
  messageCap?: { status: 'NONE' | 'FIRST_WARNING' | 'SECOND_WARNING' | 'CAPPED'; until?: number }
  /** No answer to these iqs (by xmlns), or to none at all. */
  ignoreIqs?: boolean | string[]
  /** A scan is answered by `companion_reg_refresh` first: the client must draw a QR with a new secret. */
  companionRegRefresh?: boolean
  /** An iq error for the next requests of a pairing code. */
  refuseCode?: number
  /** Linking with a passkey goes wrong: options only when asked for, the assertion refused, or silence after it. */
  passkey?: 'noOptions' | 'refusePrologue' | 'noContinuation'
  /** HTTP status for the WebSocket upgrade. Global only: the account is not known yet. */
  upgradeStatus?: number
  /** TCP connections are reset at once. Global only. */
  refuseConnections?: boolean
}

export interface FaultBoard {
  /** Replaces the faults of everyone (`number` undefined) or of one account. */
  set(faults: Faults, number?: string): void
  get(number?: string): Faults
  clear(number?: string): void
  /** What applies to a connection: the account's own entries over the global ones. */
  effective(number?: string): Faults
  /** Uses up one of the remaining `times` of a limited fault; undefined when it does not apply. */
  take<K extends 'loginFailure' | 'ackError'>(kind: K, number?: string): Faults[K]
}

export const createFaultBoard = (): FaultBoard => {
  let everyone: Faults = {}
  const accounts = new Map<string, Faults>()
  const own = (number?: string): Faults => (number === undefined ? everyone : (accounts.get(number) ?? {}))

  return {
    set(faults, number) {
      if (number === undefined) everyone = structuredClone(faults)
      else accounts.set(number, structuredClone(faults))
    },
    get: (number) => structuredClone(own(number)),
    clear(number) {
      if (number !== undefined) accounts.delete(number)
      else {
        everyone = {}
        accounts.clear()
      }
    },
    effective: (number) => (number === undefined ? everyone : { ...everyone, ...accounts.get(number) }),
    take(kind, number) {
      const holder = number !== undefined && accounts.get(number)?.[kind] ? own(number) : everyone
      const fault = holder[kind]
      if (fault?.times !== undefined && --fault.times <= 0) delete holder[kind]
      return fault
    },
  }
}

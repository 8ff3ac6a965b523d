/** What is known of a session, what can happen to it, and what can be done about it. */
import type { Account, PasskeyStep, SessionStatus } from '@warren/contracts'
import type { Ending } from './disconnects.ts'

/** What a person asked to pair with. */
export type PairingRequest =
  | { readonly method: 'qr' }
  | { readonly method: 'code'; readonly phoneNumber: string }

/** Why a link that was taken elsewhere has ended here. */
export const EXPORTED = 'exported'

/** Reason of a session whose stored credentials cannot be used as they are. */
export const CREDENTIALS_DAMAGED = 'CredentialsDamaged'

/** A phase in which nothing is tried until a person asks. Kept in the sealed state, so that it outlives the process. */
export type Rest = {
  readonly phase: 'parked' | 'loggedOut' | 'banned'
  readonly reason: string
  readonly message: string
}

export type SessionModel = {
  readonly status: SessionStatus
  /** Whether credentials of a linked account exist. */
  readonly account?: Account
  /** What is wrong with the stored credentials: nothing connects with them, and nothing takes their place unless a person says so. */
  readonly flaw?: string
  /** The pairing that was asked for and is not finished. */
  readonly pairing?: PairingRequest
  /** QRs shown or codes given in this pairing. */
  readonly attempts: number
  readonly maxAttempts: number
  /** Connections in a row that failed, or did not hold for long. */
  readonly failures: number
  /** Logouts in a row that WhatsApp told without a working login between them. */
  readonly logoutsHeard: number
  /** Replacements without a connection that held for minutes between them. */
  readonly conflicts: number
}

export type SessionEvent =
  | {
      readonly type: 'loaded'
      readonly account?: Account
      readonly rest?: Rest
      /** What is wrong with what was loaded. */
      readonly flaw?: string
      readonly pairing?: PairingRequest
    }
  | { readonly type: 'pairRequested'; readonly request: PairingRequest }
  | { readonly type: 'qr'; readonly qr: string; readonly expiresAt: Date }
  | { readonly type: 'code'; readonly code: string; readonly expiresAt: Date }
  /** WhatsApp gave no code for the number that was asked for. */
  | { readonly type: 'codeRefused'; readonly text: string }
  /** The next connection goes through this proxy. */
  | { readonly type: 'proxied'; readonly address: string }
  /** WhatsApp asks for a passkey, or that step moved on. */
  | { readonly type: 'passkey'; readonly step: PasskeyStep }
  /** @property reason CamelCase, becomes the reason of the rest */
  | { readonly type: 'passkeyFailed'; readonly reason: string; readonly text: string }
  | { readonly type: 'paired'; readonly account: Account }
  /** The link of another place, or of a snapshot, was put into the state. */
  | { readonly type: 'imported'; readonly account: Account }
  | { readonly type: 'wrongNumber'; readonly linked: string; readonly wanted: string }
  | { readonly type: 'opened' }
  | { readonly type: 'accountChanged'; readonly account: Account }
  | { readonly type: 'closed'; readonly ending: Ending }
  | { readonly type: 'retryDue' }
  | { readonly type: 'restartRequested' }
  | { readonly type: 'disconnectRequested' }
  | { readonly type: 'loggedOut'; readonly by: string }
  | { readonly type: 'stopped' }

export type Effect =
  /** Open a connection: with the stored credentials, or fresh ones for a pairing. A connection that is open is closed first. */
  | { readonly do: 'connect'; readonly pairing?: PairingRequest }
  | { readonly do: 'close' }
  /** Deliver `retryDue` after this; replaces an earlier one, and any other effect that connects or closes cancels it. */
  | { readonly do: 'retry'; readonly afterMs: number }
  /** Ask the store whether the lease is still ours; the process ends when it is not. */
  | { readonly do: 'checkLease' }
  /** Store the rest, or that there is none any more. */
  | { readonly do: 'rest'; readonly rest: Rest | null }
  /** Journal that the link has ended, and store it beside the credentials. */
  | { readonly do: 'journalLoggedOut'; readonly reason: string }

export type Env = { readonly now: Date; readonly random: () => number }
/** What an event leads to. */
export type Step = { readonly model: SessionModel; readonly effects: readonly Effect[] }

/** A session before its state is loaded. */
export function initialModel(maxAttempts: number, now: Date): SessionModel {
  return {
    status: { phase: 'starting', since: now },
    attempts: 0,
    maxAttempts,
    failures: 0,
    logoutsHeard: 0,
    conflicts: 0,
  }
}

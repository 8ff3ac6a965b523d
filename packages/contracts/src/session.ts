/**
 * What a session tells about itself. The session pod alone writes it (to Mongo, with its epoch); the operator turns it into conditions,
 * the API shows it.
 */
import type { Account } from './message.ts'
import type { SessionProtection } from './protection.ts'

/**
 * - `starting`: the process runs and loads the session
 * - `pairing`: not linked; a QR or a code is shown, or can be asked for
 * - `connecting`: linked, the first connection is being made
 * - `connected`: WhatsApp delivers
 * - `reconnecting`: linked, the connection was lost and is tried again
 * - `parked`: nothing is tried until a person asks (attempts used up, a conflict, a refused client)
 * - `loggedOut`: WhatsApp or a person ended the link
 * - `banned`: WhatsApp locked or banned the account
 * - `stopped`: the process ended in order
 */
export const SESSION_PHASES = [
  'starting',
  'pairing',
  'connecting',
  'connected',
  'reconnecting',
  'parked',
  'loggedOut',
  'banned',
  'stopped',
] as const
export type SessionPhase = (typeof SESSION_PHASES)[number]

/** The last loss of the connection. `code` is WhatsApp's or Baileys' number, 0 where there was none. */
export type Disconnect = { readonly code: number; readonly reason: string; readonly at: Date }

/**
 * Where the passkey step of a pairing is: what is waited for.
 * - `assertion`: the person, at the browser or device that holds the passkey
 * - `phone`: WhatsApp and the phone, after the assertion was handed in
 * - `confirmation`: the person, who compares `confirmationCode` with what the phone shows
 * - `link`: the end of the pairing
 */
export const PASSKEY_STAGES = ['assertion', 'phone', 'confirmation', 'link'] as const
export type PasskeyStage = (typeof PASSKEY_STAGES)[number]

/** The WebAuthn step that WhatsApp asks some accounts for while a device is linked. Shown to the owner, never logged. */
export type PasskeyStep = {
  /** Id of this attempt: an assertion answers the challenge of one attempt and no other. */
  readonly id: string
  readonly stage: PasskeyStage
  /** For `navigator.credentials.get`, as `PublicKeyCredentialRequestOptionsJSON`; while an assertion is waited for. */
  readonly options?: Readonly<Record<string, unknown>>
  /** `XXXX-XXXX`, while its confirmation is waited for. */
  readonly confirmationCode?: string
  /** When the whole step is over. */
  readonly expiresAt: Date
}

/** What `navigator.credentials.get` gave, as `AuthenticationResponseJSON`: every binary field is base64url. */
export type PasskeyAssertion = {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly authenticatorAttachment?: string | null
  readonly clientExtensionResults?: Readonly<Record<string, unknown>>
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle?: string | null
  }
}

/** A pairing in progress. `qr` and `code` are what the phone needs: shown to the owner, never logged. */
export type Pairing = {
  readonly method: 'qr' | 'code'
  readonly qr?: string
  readonly code?: string
  /** Counts from 1; a QR session ends after `maxAttempts` QRs and is parked until a person asks again. */
  readonly attempt: number
  readonly maxAttempts: number
  readonly expiresAt?: Date
  /** Present once WhatsApp has asked for a passkey; there is no QR or code any more then. */
  readonly passkey?: PasskeyStep
}

/**
 * What is wrong with a connection that counts as open.
 * - `deaf`: WhatsApp kept messages back that it should have delivered
 * - `mute`: WhatsApp does not acknowledge what is sent
 * - `stalled`: what came in, or is to go out, does not get through the session itself
 */
export const CONNECTION_TROUBLES = ['deaf', 'mute', 'stalled'] as const
export type ConnectionTroubleKind = (typeof CONNECTION_TROUBLES)[number]

/** Present until the connection has shown that it is well again. */
export type ConnectionTrouble = {
  readonly kind: ConnectionTroubleKind
  readonly since: Date
  /** A sentence for a person. */
  readonly message: string
}

/** The pulse of an open connection when it was last looked at. Passing: no event tells of a change. */
export type ConnectionVitals = {
  /** Anything at all came in. */
  readonly lastFrameAt: Date
  /** Something came in that nobody had asked for: a message, a receipt, a notification. */
  readonly lastInboundAt?: Date
  /** When the oldest of our messages that WhatsApp has not acknowledged was handed to this connection. */
  readonly unansweredSince?: Date
  /** Since when one received message has been worked on; those behind it wait. */
  readonly handlingSince?: Date
  /** Round trip of the last ping. */
  readonly pingMs?: number
  /** Last sign of life of the account's phone. */
  readonly phoneSeenAt?: Date
}

/** The phone was not heard of for so long that WhatsApp will soon end the link. */
export type PhoneAway = { readonly lastSeenAt: Date; readonly unlinksAt: Date }

export type SessionStatus = {
  readonly phase: SessionPhase
  /** Machine-readable cause of the phase, CamelCase as in Kubernetes conditions, e.g. `PairingAttemptsUsedUp`. */
  readonly reason?: string
  /** A sentence for a person. */
  readonly message?: string
  /** When this phase began. */
  readonly since: Date
  readonly account?: Account
  readonly pairing?: Pairing
  readonly lastConnectedAt?: Date
  readonly lastDisconnect?: Disconnect
  /** The proxy that the last connection was made through, as `host:port`. */
  readonly proxy?: { readonly address: string }
  /** Failed attempts in a row and when the next one is due, while `reconnecting`. */
  readonly retry?: { readonly attempt: number; readonly nextAt: Date }
  /** The key that seals what is stored now, and how many records are still sealed with an earlier one. */
  readonly seals?: { readonly keyId: number; readonly left: number }
  /** How sending is held back, once there is anything to tell: risk, a pause, a restriction by WhatsApp. */
  readonly protection?: SessionProtection
  readonly trouble?: ConnectionTrouble
  readonly phoneAway?: PhoneAway
  readonly vitals?: ConnectionVitals
}

/**
 * Requests to a running session pod, over the bus. Whatever must not be lost (a send) is a row in Mongo instead; a command is for what a
 * caller waits for. Both sides validate against the schemas.
 */
import Joi from 'joi'
import type { Account } from './message.ts'
import type { ProtectionReport, WaitingSend } from './protection.ts'
import type { Pairing, PasskeyAssertion, PasskeyStep, SessionStatus } from './session.ts'
import type { Snapshot } from './snapshot.ts'

export type CommandMap = {
  /** Begins a pairing, or returns the one in progress. After the QR attempts are used up this starts over. */
  'session.pair': {
    request: { method: 'qr' } | { method: 'code'; phoneNumber: string }
    response: { pairing: Pairing }
  }
  /** The public key of the process, for which the key of a bundle is sealed: what passes over Redis opens nothing. */
  'session.box': { request: Record<never, never>; response: { publicKey: string } }
  /** Ends the use of the link here and gives it away as a bundle. All bytes are base64. */
  'session.export': {
    request: { key: string; kdf?: { name: 'scrypt'; N: number; r: number; p: number; salt: string } }
    response: { bundle: string; account: Account }
  }
  /** Takes the link of a bundle over and connects. */
  'session.import': { request: { key: string; bundle: string }; response: { account: Account } }
  /** Hands in what the person's passkey signed; answered once WhatsApp took it. */
  'pairing.passkey.assert': {
    request: { id: string; assertion: PasskeyAssertion }
    response: { passkey: PasskeyStep }
  }
  /** The person saw the same confirmation code on the phone. */
  'pairing.passkey.confirm': { request: { id: string }; response: { passkey: PasskeyStep } }
  /** The present status, from the pod's memory. */
  'session.status': { request: Record<never, never>; response: { status: SessionStatus } }
  /** Unlinks the device at WhatsApp; the pod keeps a snapshot of the credentials and waits for a new pairing. */
  'session.logout': { request: Record<never, never>; response: { status: SessionStatus } }
  /** Snapshots of the credentials, newest first. */
  'session.snapshots': { request: Record<never, never>; response: { items: Snapshot[] } }
  /** Puts a snapshot in the place of the present credentials, of which one is taken before, and connects. */
  'session.restore': { request: { snapshot: string }; response: { account: Account } }
  /** Closes the socket and connects anew with the same credentials. */
  'session.restart': { request: Record<never, never>; response: { status: SessionStatus } }
  /** Closes the socket, ends an endless pairing, and stays parked until `session.restart` or `session.pair`. */
  'session.disconnect': { request: Record<never, never>; response: { status: SessionStatus } }
  /** Blue ticks for received messages of one chat. */
  'message.markRead': { request: { chat: string; messageIds: string[] }; response: { marked: number } }
  /** Which numbers have WhatsApp. 1 to 50 numbers, digits only. */
  'numbers.check': {
    request: { phoneNumbers: string[] }
    response: { results: { phoneNumber: string; exists: boolean; jid?: string; lid?: string }[] }
  }
  /** How the account is protected at this moment. */
  'protection.status': { request: Record<never, never>; response: ProtectionReport }
  /** Ends a pause, or a slow-down, that signals of risk led to. */
  'protection.resume': { request: Record<never, never>; response: ProtectionReport }
  /** Messages that wait, in the order in which they will go. With `messageIds` only these; `total` counts all that this session has read. */
  'queue.list': {
    request: { messageIds?: string[]; limit?: number }
    response: { items: WaitingSend[]; total: number }
  }
  /** Takes an opt-out back. */
  'contact.optIn': { request: { chat: string }; response: Record<never, never> }
}
export type CommandName = keyof CommandMap
export type CommandRequest<C extends CommandName> = CommandMap[C]['request']
export type CommandResponse<C extends CommandName> = CommandMap[C]['response']
/** A command as it travels: the request of a call on the bus to `CHANNELS.commands(instance)`. */
export type CommandCall<C extends CommandName = CommandName> = {
  [K in C]: { readonly command: K; readonly request: CommandRequest<K> }
}[C]

type CommandRow = {
  readonly request: Joi.Schema
  /** How long a caller waits for the answer. */
  readonly timeoutMs: number
  /** Whether the bus may deliver the request twice without harm. */
  readonly idempotent: boolean
}

const phoneNumber = Joi.string()
  .pattern(/^\d{5,20}$/)
  .messages({
    'string.pattern.base': '{#label} must be 5 to 20 digits: the international number without plus',
  })
const nothing = Joi.object({})
const base64url = (maxLength: number) =>
  Joi.string()
    .pattern(/^[\w-]+={0,2}$/)
    .max(maxLength)
    .messages({ 'string.pattern.base': '{#label} must be base64url' })

/** The body of an assertion, as `PublicKeyCredential.toJSON()` writes it. */
export const passkeyAssertionSchema = Joi.object<PasskeyAssertion>({
  id: base64url(2_000).required(),
  rawId: base64url(2_000).required(),
  type: Joi.valid('public-key').required(),
  authenticatorAttachment: Joi.string().max(30).allow(null),
  clientExtensionResults: Joi.object(),
  response: Joi.object({
    clientDataJSON: base64url(4_000).required(),
    authenticatorData: base64url(4_000).required(),
    signature: base64url(2_000).required(),
    userHandle: base64url(200).allow(null, ''),
  }).required(),
})
const base64 = (maxLength: number) => Joi.string().base64().max(maxLength).required()
/** Eight million bytes in base64. */
const BUNDLE_LENGTH = 11_300_000
const passkeyId = Joi.string().max(64).required()

export const COMMANDS: { readonly [C in CommandName]: CommandRow } = {
  'session.pair': {
    request: Joi.alternatives(
      Joi.object({ method: Joi.valid('qr').required() }),
      Joi.object({ method: Joi.valid('code').required(), phoneNumber: phoneNumber.required() }),
    ),
    timeoutMs: 30_000,
    idempotent: true,
  },
  'session.box': { request: nothing, timeoutMs: 3_000, idempotent: true },
  'session.export': {
    request: Joi.object({
      key: base64(200),
      kdf: Joi.object({
        name: Joi.valid('scrypt').required(),
        N: Joi.number().integer().required(),
        r: Joi.number().integer().required(),
        p: Joi.number().integer().required(),
        salt: base64(100),
      }),
    }),
    timeoutMs: 30_000,
    idempotent: true,
  },
  'session.import': {
    request: Joi.object({ key: base64(200), bundle: base64(BUNDLE_LENGTH) }),
    timeoutMs: 30_000,
    idempotent: false,
  },
  'pairing.passkey.assert': {
    request: Joi.object({ id: passkeyId, assertion: passkeyAssertionSchema.required() }),
    timeoutMs: 75_000,
    idempotent: false,
  },
  'pairing.passkey.confirm': {
    request: Joi.object({ id: passkeyId }),
    timeoutMs: 40_000,
    idempotent: false,
  },
  'session.status': { request: nothing, timeoutMs: 3_000, idempotent: true },
  'session.logout': { request: nothing, timeoutMs: 20_000, idempotent: true },
  'session.snapshots': { request: nothing, timeoutMs: 3_000, idempotent: true },
  'session.restore': {
    request: Joi.object({ snapshot: Joi.string().max(64).required() }),
    timeoutMs: 30_000,
    idempotent: false,
  },
  'session.restart': { request: nothing, timeoutMs: 10_000, idempotent: true },
  'session.disconnect': { request: nothing, timeoutMs: 10_000, idempotent: true },
  'message.markRead': {
    request: Joi.object({
      chat: Joi.string().required(),
      messageIds: Joi.array().items(Joi.string().max(128)).min(1).max(100).required(),
    }),
    timeoutMs: 10_000,
    idempotent: true,
  },
  'numbers.check': {
    request: Joi.object({ phoneNumbers: Joi.array().items(phoneNumber).min(1).max(50).required() }),
    timeoutMs: 20_000,
    idempotent: true,
  },
  'protection.status': { request: nothing, timeoutMs: 3_000, idempotent: true },
  'protection.resume': { request: nothing, timeoutMs: 5_000, idempotent: true },
  'queue.list': {
    request: Joi.object({
      messageIds: Joi.array().items(Joi.string().max(128)).max(100),
      limit: Joi.number().integer().min(1).max(500),
    }),
    timeoutMs: 3_000,
    idempotent: true,
  },
  'contact.optIn': {
    request: Joi.object({ chat: Joi.string().required() }),
    timeoutMs: 5_000,
    idempotent: true,
  },
}

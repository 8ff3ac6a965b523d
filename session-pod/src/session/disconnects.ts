/**
 * The one table from the end of a connection to the reaction. Credentials survive every row: at worst the session rests until a person
 * asks. The numbers are Baileys' `DisconnectReason`, WhatsApp's `stream:error` codes and `failure` reasons, which share one space.
 */

/** How a connection ended, in the words of the protocol. */
export type Ending = {
  /** Baileys' status code or WhatsApp's reason; 0 where there was none. */
  readonly code: number
  /** What Baileys called it. */
  readonly text: string
  /** What WhatsApp said about it to a person, or meant by its code. */
  readonly words?: string
  /** Attribute `type` of a `<conflict>` in the stream error. */
  readonly conflict?: string
  /** No proxy worked, and there is no other way. */
  readonly proxy?: true
  /** Seconds until a temporary ban ends, where WhatsApp told. */
  readonly expiresInSeconds?: number
}

export type Reaction =
  /** The connection was fine, the server wants a new one: at once, with a little jitter. */
  | { readonly kind: 'reconnectNow' }
  /** Exponential back-off; after `parkAfter` failures in a row the session waits for a person. */
  | {
      readonly kind: 'backOff'
      readonly parkAfter?: number
      readonly why?: { readonly reason: string; readonly message: string }
    }
  /** A fault of the whole installation (a client version refused): minutes, not seconds, between attempts. */
  | { readonly kind: 'backOffSlowly'; readonly reason: string; readonly message: string }
  /** Another socket with these credentials: look at the lease before anything else, never fight. */
  | { readonly kind: 'checkLease' }
  /** The link seems to be ended; believed only when a second login says so too. */
  | { readonly kind: 'confirmLogout' }
  /** WhatsApp locked the account. With `untilSeconds` it is tried again afterwards. */
  | {
      readonly kind: 'banned'
      readonly reason: string
      readonly message: string
      readonly untilSeconds?: number
    }
  /** All QRs of this connection were shown. */
  | { readonly kind: 'pairingEnded' }
  | { readonly kind: 'park'; readonly reason: string; readonly message: string }

type Row = {
  readonly codes: readonly number[]
  readonly when?: (ending: Ending) => boolean
  readonly react: (ending: Ending) => Reaction
}

const backOff = (): Reaction => ({ kind: 'backOff' })
const DAY_SECONDS = 24 * 3600
const quoted = ({ words }: Ending) => (words ? ` WhatsApp says: ${words}` : '')

/** First match wins. */
/** What WhatsApp ends the connection with on which a link was made. */
export const RESTART_REQUIRED = 515

const TABLE: readonly Row[] = [
  {
    codes: [0],
    when: (e) => e.proxy === true,
    react: (e) => ({ kind: 'backOff', why: { reason: 'ProxyUnavailable', message: e.text } }),
  },
  // Baileys maps every conflict without a code to 440; only its type tells an unlinking from a second socket.
  {
    codes: [401, 440],
    when: (e) => e.conflict === 'device_removed',
    react: () => ({ kind: 'confirmLogout' }),
  },
  { codes: [440], react: () => ({ kind: 'checkLease' }) },
  { codes: [401], react: () => ({ kind: 'confirmLogout' }) },
  // whatsmeow's TempBanReason: codes 101-106 with an expiry; the pairing survives.
  {
    codes: [402],
    react: (e) => ({
      kind: 'banned',
      reason: 'TemporaryBan',
      message: `WhatsApp banned this account for a time${e.words ? ` (${e.words})` : ''}. It is tried again when the ban ends.`,
      untilSeconds: e.expiresInSeconds ?? DAY_SECONDS,
    }),
  },
  {
    codes: [403],
    react: (e) => ({
      kind: 'banned',
      reason: 'AccountLocked',
      message: `WhatsApp locked the account, or its number was registered anew. Look at the phone, then restart.${quoted(e)}`,
    }),
  },
  {
    codes: [406],
    react: (e) => ({
      kind: 'banned',
      reason: 'AccountBanned',
      message: `WhatsApp banned the account. Look at the phone, then restart.${quoted(e)}`,
    }),
  },
  // Hit every client on 2026-07-28; a new version number is needed, trying faster helps nobody.
  {
    codes: [405, 409],
    react: () => ({
      kind: 'backOffSlowly',
      reason: 'ClientRefused',
      message: 'WhatsApp refuses this client version. An update of Warren is likely needed.',
    }),
  },
  {
    codes: [411],
    react: () => ({
      kind: 'park',
      reason: 'MultiDeviceOff',
      message: 'The phone does not have linked devices enabled. Enable them, then pair again.',
    }),
  },
  // Generic, not found, unknown client, experimental: whatsmeow does not reconnect; a few attempts cost nothing.
  { codes: [400, 404, 415, 418, 501], react: () => ({ kind: 'backOff', parkAfter: 10 }) },
  // 408 is both a lost network and the end of the QRs; only the text of Baileys differs.
  { codes: [408], when: (e) => /QR refs/i.test(e.text), react: () => ({ kind: 'pairingEnded' }) },
  { codes: [RESTART_REQUIRED], react: () => ({ kind: 'reconnectNow' }) },
  { codes: [428, 503], react: () => ({ kind: 'reconnectNow' }) },
  // 500 is "badSession" in Baileys, but stands for any stream error without a code: the credentials are good.
  { codes: [0, 408, 412, 413, 414, 421, 500, 516], react: backOff },
]

/** What to do about the end of a connection. Unknown codes back off. */
export function reactionTo(ending: Ending): Reaction {
  const row = TABLE.find((r) => r.codes.includes(ending.code) && (r.when?.(ending) ?? true))
  return (row?.react ?? backOff)(ending)
}

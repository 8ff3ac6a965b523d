/** The credentials in the session's state. Only those of a linked account are stored: a pairing that is not finished has nothing to lose. */
import { type Account, bareJid, phoneOf } from '@warren/contracts'
import { hasEndedLink, linkBegun } from '../store/ended-link.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { AuthenticationCreds } from './baileys.ts'

const PLACE = { type: 'creds', id: 'main' } as const
/** How long the credentials before the present ones are kept. */
const SNAPSHOT_MS = 365 * 24 * 3600_000

/** What belongs to one linked device and means nothing to the next. Mappings between numbers and hidden ids stay true. */
const OF_ONE_DEVICE = [
  'pre-key',
  'session',
  'sender-key',
  'sender-key-memory',
  'app-state-sync-key',
  'app-state-sync-version',
  'device-list',
  'tctoken',
  'identity-key',
  'inbox',
  'media',
]

/** What a link needs to go on elsewhere. What was received and not yet acknowledged stays: the other side gets it again. */
export const PORTABLE: readonly string[] = [
  'creds',
  'lid-mapping',
  ...OF_ONE_DEVICE.filter((type) => type !== 'inbox' && type !== 'media'),
]

/** Whether a phone has signed them; a pairing by code names an account before it has one. */
export function isLinked(creds: AuthenticationCreds): boolean {
  return Boolean(creds.me?.id && creds.account)
}

/** The stored credentials; undefined when there are none, they stem from an unfinished pairing, or their link has ended. */
export function storedCredentials(state: SessionState): AuthenticationCreds | undefined {
  const creds = state.get(PLACE.type, PLACE.id) as AuthenticationCreds | undefined
  return creds && isLinked(creds) && !hasEndedLink(state) ? creds : undefined
}

/** The credentials of a link, also of one that has ended; undefined when there never was one. */
export function keptCredentials(state: SessionState): AuthenticationCreds | undefined {
  const creds = state.get(PLACE.type, PLACE.id) as AuthenticationCreds | undefined
  return creds && isLinked(creds) ? creds : undefined
}

/** Puts a link that comes from elsewhere in the place of the one before; undefined when these changes hold none. */
export function adoptedFrom(
  state: SessionState,
  changes: readonly Change[],
  now: Date,
): { account: Account; changes: Change[] } | undefined {
  const creds = changes.find(({ type, id }) => type === PLACE.type && id === PLACE.id)?.value as
    | AuthenticationCreds
    | undefined
  if (!creds?.noiseKey?.private || !creds.signedIdentityKey?.private || !isLinked(creds)) return undefined
  const account = accountOf(creds)
  const keys = changes.filter(({ type }) => type !== PLACE.type)
  return account && { account, changes: [...adoption(state, creds, now), ...keys] }
}

export const credentialsChange = (creds: AuthenticationCreds): Change => ({ ...PLACE, value: creds })

/** Puts a newly linked device in the place of the one before, of which a sealed snapshot is kept. */
export function adoption(state: SessionState, creds: AuthenticationCreds, now: Date): Change[] {
  const before = state.get(PLACE.type, PLACE.id)
  const snapshot: Change[] = before
    ? [
        {
          type: 'snapshot',
          id: now.toISOString(),
          value: before,
          expiresAt: new Date(now.getTime() + SNAPSHOT_MS),
        },
      ]
    : []
  const gone = OF_ONE_DEVICE.flatMap((type) =>
    [...state.all(type)].map(([id]): Change => ({ type, id, value: undefined })),
  )
  return [...snapshot, ...gone, credentialsChange(creds), linkBegun()]
}

/** The account as others know it. */
export function accountOf(creds: AuthenticationCreds): Account | undefined {
  const { me } = creds
  const phone = me?.id ? phoneOf(me.id) : undefined
  if (!me || !phone) return undefined
  // Baileys names an account `~` while it is paired by code.
  const pushName = me.name && me.name !== '~' ? me.name : undefined
  return {
    jid: bareJid(me.id),
    phone,
    ...(me.lid ? { lid: bareJid(me.lid) } : {}),
    ...(pushName ? { pushName } : {}),
  }
}

export function sameAccount(a: Account | undefined, b: Account | undefined): boolean {
  return a?.jid === b?.jid && a?.lid === b?.lid && a?.pushName === b?.pushName
}

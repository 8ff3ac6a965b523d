/** The credentials in the session's state. Only those of a linked account are stored: a pairing that is not finished has nothing to lose. */
import { createHash } from 'node:crypto'
import { type Account, bareJid, phoneOf } from '@warren/contracts'
import { hasEndedLink } from '../store/ended-link.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { AuthenticationCreds } from './baileys.ts'

export const CREDENTIALS = { type: 'creds', id: 'main' } as const
/** Which link the keys in the state belong to: known although the credentials may be damaged. */
const LINK = { type: 'link', id: 'main' } as const

/** What belongs to one linked device and means nothing to the next. Mappings between numbers and hidden ids stay true. */
export const OF_ONE_DEVICE: readonly string[] = [
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
  'history',
  'history-done',
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
  return hasEndedLink(state) ? undefined : keptCredentials(state)
}

/** The credentials of a link, also of one that has ended; undefined when there never was one. */
export function keptCredentials(state: SessionState): AuthenticationCreds | undefined {
  const creds = state.get(CREDENTIALS.type, CREDENTIALS.id) as AuthenticationCreds | undefined
  return creds && isLinked(creds) ? creds : undefined
}

export const credentialsChange = (creds: AuthenticationCreds): Change => ({ ...CREDENTIALS, value: creds })

/** Every pairing makes new keys, so they tell links apart; undefined for credentials without them. */
export function linkIdOf(creds: Partial<AuthenticationCreds>): string | undefined {
  const { noiseKey, signedIdentityKey } = creds
  if (!noiseKey?.public || !signedIdentityKey?.public) return undefined
  const hash = createHash('sha256').update(noiseKey.public).update(signedIdentityKey.public)
  return hash.digest('base64url').slice(0, 16)
}

/** The link that the keys in the state belong to; undefined when there never was one. */
export function presentLink(state: SessionState): string | undefined {
  const marked = state.get(LINK.type, LINK.id) as { id: string } | undefined
  const creds = state.get(CREDENTIALS.type, CREDENTIALS.id) as Partial<AuthenticationCreds> | undefined
  return marked?.id ?? (creds && linkIdOf(creds))
}

export const linkChange = (creds: AuthenticationCreds): Change => ({
  ...LINK,
  value: { id: linkIdOf(creds) },
})

/** The account as others know it. */
export function accountOf(creds: Partial<AuthenticationCreds>): Account | undefined {
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

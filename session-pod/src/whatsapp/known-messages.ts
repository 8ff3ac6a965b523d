/**
 * Which messages are in the journal already. WhatsApp may deliver one again under another ciphertext (its sender tried twice, or answered
 * our request to send it again), also to the next process; so this is kept with the session, in the same step as the entry.
 *
 * The newest are kept as pages of hashes: a page is one value, so a message costs no value of its own to store and to fold.
 */
import { createHash } from 'node:crypto'
import type { Groups } from '../store/groups.ts'
import type { Change, SessionState } from '../store/state.ts'

export type KnownMessages = {
  /** What is known of a message. @param key tells it from all others of the account */
  get(key: string): 'message' | 'undecryptable' | undefined
  /** Puts into the running group, with the entry of the message, that it is in the journal. */
  journaled(key: string): void
  /** To be stored with the entry that it could not be read. */
  unread(key: string, now: Date): Change[]
}

const PAGE = 'seen'
const UNREAD = 'unread'
/** Hashes of a page, and pages: what came before the last two thousand messages is not looked for. */
const PAGE_LENGTH = 64
const PAGES = 32
/** WhatsApp keeps what it could not deliver no longer than this. */
const UNREAD_MS = 14 * 24 * 3600_000

const hashOf = (key: string) => createHash('sha256').update(key).digest('base64url').slice(0, 12)

export function createKnownMessages(
  state: Pick<SessionState, 'all'>,
  groups: Pick<Groups, 'get' | 'put'>,
): KnownMessages {
  const page = (at: number) => groups.get(PAGE, String(at)) as readonly string[] | undefined

  /** The pages are a ring with one that is not full. */
  function openPage(): number {
    for (let at = 0; at < PAGES; at++) if ((page(at)?.length ?? 0) < PAGE_LENGTH) return at
    return 0
  }

  return {
    get(key) {
      const hash = hashOf(key)
      for (let at = 0; at < PAGES; at++) if (page(at)?.includes(hash)) return 'message'
      return groups.get(UNREAD, hash) === undefined ? undefined : 'undecryptable'
    },
    journaled(key) {
      const hash = hashOf(key)
      const at = openPage()
      const hashes = [...(page(at) ?? []), hash]
      groups.put({ type: PAGE, id: String(at), value: hashes })
      // The next one is begun anew, and what was on it is forgotten.
      if (hashes.length === PAGE_LENGTH) groups.put({ type: PAGE, id: String((at + 1) % PAGES), value: [] })
      if (groups.get(UNREAD, hash) !== undefined) groups.put({ type: UNREAD, id: hash, value: undefined })
    },
    unread(key, now) {
      const old = [...state.all(UNREAD)].filter(
        ([, value]) => now.getTime() - (value as { at: number }).at > UNREAD_MS,
      )
      return [
        { type: UNREAD, id: hashOf(key), value: { at: now.getTime() } },
        ...old.map(([id]): Change => ({ type: UNREAD, id, value: undefined })),
      ]
    },
  }
}

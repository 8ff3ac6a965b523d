/**
 * Which messages are in the journal already. WhatsApp may deliver one again under another ciphertext (its sender tried twice, or answered
 * our request to send it again), also to the next process; so this is kept with the session, in the same step as the entry.
 *
 * The newest are kept as pages of hashes: a page is one value, so a message costs no value of its own to store and to fold.
 */
import { createHash } from 'node:crypto'
import { canonicalJid, parseJid } from '@warren/contracts'
import type { Groups } from '../store/groups.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { Envelope } from './inbound.ts'

/** What tells messages apart: ids are chosen by senders, and do so only with chat, author and direction. */
export type MessageIdentity = Pick<Envelope, 'id' | 'chat' | 'sender' | 'fromMe'>

export type KnownMessages = {
  /** What is known of a message, also from before its author's LID was. */
  get(message: MessageIdentity): 'message' | 'undecryptable' | undefined
  /** Puts into the running group, with the entry of the message, that it is in the journal. */
  journaled(message: MessageIdentity): void
  /** To be stored with the entry that it could not be read. */
  unread(message: MessageIdentity, now: Date): Change[]
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

  /**
   * Hashes that are on a page, and perhaps some that are not any more or never came to be: nearly every message is new, and is seen to be
   * so at once. One instance makes all entries, or this would miss some.
   */
  let perhaps: Set<string> | undefined

  function collected(): Set<string> {
    if (perhaps && perhaps.size <= 2 * PAGES * PAGE_LENGTH) return perhaps
    perhaps = new Set()
    for (let at = 0; at < PAGES; at++) for (const hash of page(at) ?? []) perhaps.add(hash)
    return perhaps
  }

  function isJournaled(hash: string): boolean {
    if (!collected().has(hash)) return false
    for (let at = 0; at < PAGES; at++) if (page(at)?.includes(hash)) return true
    return false
  }

  return {
    get(message) {
      const hashes = keysOf(message).map(hashOf)
      if (hashes.some(isJournaled)) return 'message'
      return hashes.some((hash) => groups.get(UNREAD, hash) !== undefined) ? 'undecryptable' : undefined
    },
    journaled(message) {
      const hash = hashOf(keysOf(message)[0])
      const at = openPage()
      const hashes = [...(page(at) ?? []), hash]
      collected().add(hash)
      groups.put({ type: PAGE, id: String(at), value: hashes })
      // The next one is begun anew, and what was on it is forgotten.
      if (hashes.length === PAGE_LENGTH) groups.put({ type: PAGE, id: String((at + 1) % PAGES), value: [] })
      if (groups.get(UNREAD, hash) !== undefined) groups.put({ type: UNREAD, id: hash, value: undefined })
    },
    unread(message, now) {
      const old = [...state.all(UNREAD)].filter(
        ([, value]) => now.getTime() - (value as { at: number }).at > UNREAD_MS,
      )
      return [
        { type: UNREAD, id: hashOf(keysOf(message)[0]), value: { at: now.getTime() } },
        ...old.map(([id]): Change => ({ type: UNREAD, id, value: undefined })),
      ]
    },
  }
}

/** The first key is the one to remember a message by; under the other one it was remembered before the person's LID was known. */
function keysOf({ id, chat, sender, fromMe }: MessageIdentity): [string, ...string[]] {
  const key = (chatKey: string, author: string) => `${chatKey} ${parseJid(author)?.user} ${fromMe} ${id}`
  const now = key(canonicalJid(chat), canonicalJid(sender))
  const before = key(chat.pn ?? chat.jid, fromMe ? canonicalJid(sender) : (sender.pn ?? sender.jid))
  return now === before ? [now] : [now, before]
}

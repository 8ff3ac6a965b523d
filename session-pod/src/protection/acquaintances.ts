/** Whom the account has a conversation with, who wrote just now, and who asked for no more marketing. */
import { type Address, canonicalJid, type Message, parseJid } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { JournalDraft } from '../session/journal.ts'
import type { Change, SessionState } from '../store/state.ts'
import type { OptOutReader } from './opt-out.ts'
import { OPEN_MS } from './pacing.ts'

const KNOWN = 'acquaintance'
const OPTED_OUT = 'optedOut'
/** Chats whose last message is remembered. Forgotten ones are paced: that harms nobody. */
const OPEN_CHATS = 2_000

export type Acquaintances = {
  /** Whether the contact wrote, or WhatsApp took a message to them. Groups are always known. */
  knows(chat: Address): boolean
  /** Whether the contact wrote within the last minutes. */
  isOpen(chat: Address): boolean
  isOptedOut(chat: Address): boolean
  /** There is a message between the account and them: WhatsApp took one, or the phone's history has one. */
  met(chat: Address): Change[]
  /** A message came. */
  received(message: Message): { changes: Change[]; drafts: JournalDraft[] }
  optIn(chat: Address): { changes: Change[]; drafts: JournalDraft[] }
}

export function createAcquaintances(options: {
  state: Pick<SessionState, 'get'>
  clock: Clock
  readOptOut: OptOutReader
}): Acquaintances {
  const { state, clock, readOptOut } = options
  /** When a chat wrote last, on the monotonic clock; the oldest first. */
  const wrote = new Map<string, number>()

  const has = (type: string, { jid, lid, pn }: Address) =>
    [lid, pn, jid].some((id) => id !== undefined && state.get(type, id) !== undefined)
  const person = ({ jid }: Address) => {
    const kind = parseJid(jid)?.kind
    return kind === 'pn' || kind === 'lid'
  }
  const known = (chat: Address): Change[] =>
    !person(chat) || has(KNOWN, chat) ? [] : [{ type: KNOWN, id: canonicalJid(chat), value: 1 }]

  function noteWriting(chat: Address): void {
    const key = canonicalJid(chat)
    wrote.delete(key)
    wrote.set(key, clock.monotonicMs())
    const [oldest] = wrote.keys()
    if (wrote.size > OPEN_CHATS && oldest !== undefined) wrote.delete(oldest)
  }

  return {
    knows: (chat) => !person(chat) || has(KNOWN, chat),
    isOpen: (chat) =>
      (wrote.get(canonicalJid(chat)) ?? Number.NEGATIVE_INFINITY) > clock.monotonicMs() - OPEN_MS,
    isOptedOut: (chat) => has(OPTED_OUT, chat),
    met: known,
    received({ id, chat, fromMe, content }) {
      if (fromMe) return { changes: known(chat), drafts: [] }
      noteWriting(chat)
      const changes = known(chat)
      const word = person(chat) && content.type === 'text' ? readOptOut(content.text) : undefined
      if (word === undefined || has(OPTED_OUT, chat)) return { changes, drafts: [] }
      const at = clock.now()
      return {
        changes: [...changes, { type: OPTED_OUT, id: canonicalJid(chat), value: at.getTime() }],
        drafts: [{ type: 'contact.optedOut', at, data: { address: chat, word, messageId: id } }],
      }
    },
    optIn(chat) {
      const forms = [chat.lid, chat.pn, chat.jid].filter(
        (form) => form !== undefined && state.get(OPTED_OUT, form) !== undefined,
      )
      return {
        changes: [...new Set(forms)].map((form) => ({ type: OPTED_OUT, id: form ?? '', value: undefined })),
        drafts:
          forms.length > 0 ? [{ type: 'contact.optedIn', at: clock.now(), data: { address: chat } }] : [],
      }
    },
  }
}

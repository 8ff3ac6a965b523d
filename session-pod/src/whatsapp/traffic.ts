/** What comes in from WhatsApp, turned into state and journal in the same call in which it arrives. */
import { type Message, type MessageStatus, statusAdvances } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { JournalDraft } from '../session/journal.ts'
import type { Groups } from '../store/groups.ts'
import type { SessionState } from '../store/state.ts'
import type { AddressBook, OwnIds } from './addresses.ts'
import { sharedKeys } from './app-state-keys.ts'
import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from './baileys.ts'
import { createBoundedMap } from './bounded-map.ts'
import { timeOf } from './content.ts'
import { historyNotice } from './history.ts'
import { type Inbound, type InboundContext, readEnvelope, readInbound, undecryptable } from './inbound.ts'
import type { KnownMessages } from './known-messages.ts'
import { type AckNews, readMessageAck, readReceipt } from './receipts.ts'
import type { DecryptionListener, InboxRecord } from './repository.ts'

export type TrafficOptions = {
  readonly state: SessionState
  readonly groups: Groups
  readonly known: KnownMessages
  readonly addresses: AddressBook
  readonly own: OwnIds
  readonly clock: Clock
  /** The server answered to a message of ours. */
  readonly onAck: (ack: AckNews) => void
  /** A receipt proves that the server has our message, even when its ack was lost. */
  readonly onReceived: (ids: readonly string[]) => void
  /** A received message holds media; called inside the group of its decryption. */
  readonly onMedia: (inbound: Inbound) => void
  /** A message stanza held nothing to decrypt. @param inside tags of what it held instead */
  readonly onStrange: (id: string, inside: readonly string[]) => void
  /** A message was received; called inside the group of its decryption. */
  readonly onMessage: (message: Message) => void
}

export type Traffic = DecryptionListener & {
  stanzaId(ciphertext: Uint8Array): string | undefined
  /** For {@link tapStanzas}. */
  readonly listeners: Readonly<
    Record<
      'CB:message' | 'CB:receipt' | 'CB:ack,class:receipt' | 'CB:ack,class:message',
      (stanza: BinaryNode) => void
    >
  >
}

/** Statuses that are remembered to recognise repetitions. */
const REMEMBERED = 5_000

export function createTraffic(options: TrafficOptions): Traffic {
  const { state, groups, known, addresses, own, clock } = options
  /** Baileys passes the very buffer of the `enc` child to the repository: the way from a ciphertext back to its stanza. */
  const stanzas = new WeakMap<Uint8Array, BinaryNode>()
  const statuses = createBoundedMap<MessageStatus>(REMEMBERED)
  /** Stored plaintexts by stanza id. Made on first use, since the state is loaded after this is wired, and anew from time to time. */
  let inbox: Map<string, string[]> | undefined
  let indexedMs = 0
  const inboxOf = (): Map<string, string[]> => {
    if (!inbox || clock.monotonicMs() - indexedMs > REINDEX_MS) {
      indexedMs = clock.monotonicMs()
      inbox = indexInbox(state, clock.now())
    }
    return inbox
  }

  const context = (): InboundContext => ({ addresses, own: own(), now: clock.now() })

  function onMessage(stanza: BinaryNode): void {
    for (const { content } of getBinaryNodeChildren(stanza, 'enc')) {
      if (content instanceof Uint8Array) stanzas.set(content, stanza)
    }
    const isEmpty = getBinaryNodeChildren(stanza, 'enc').length === 0
    // A view-once image for the phone alone, or a message of a hosted business: it came, and this device was given nothing to decrypt.
    const unavailable = getBinaryNodeChild(stanza, 'unavailable')
    if (unavailable && isEmpty)
      unreadable(stanza, `unavailable${unavailable.attrs.type ? `: ${unavailable.attrs.type}` : ''}`)
    else if (isEmpty && !getBinaryNodeChild(stanza, 'plaintext')) {
      // Nothing that is known to be a message. Baileys acknowledges it: this is its only trace.
      const inside = Array.isArray(stanza.content) ? stanza.content.map(({ tag }) => tag) : []
      options.onStrange(stanza.attrs.id ?? '', inside)
      unreadable(stanza, `nothing to decrypt${inside.length > 0 ? ` but ${inside.join(', ')}` : ''}`)
    }
  }

  function unreadable(stanza: BinaryNode, reason: string): void {
    const draft = undecryptable(stanza, reason, context())
    if (draft?.type !== 'message.undecryptable') return
    const message = { ...draft.data, fromMe: false }
    if (known.get(message) === undefined) state.apply(known.unread(message, clock.now()), [draft])
  }

  function onReceipt(stanza: BinaryNode): void {
    const news = readReceipt(stanza)
    if (!news) return
    options.onReceived(news.ids)
    const at = timeOf(news.t, clock.now())
    const chat = addresses.complete(news.chat)
    const drafts = news.ids.flatMap((id): JournalDraft[] => {
      const before = statuses.get(id)
      if (before && !statusAdvances(before, news.status)) return []
      statuses.set(id, news.status)
      return [{ type: 'message.status', at: clock.now(), data: { id, chat, status: news.status, at } }]
    })
    state.apply([], drafts)
  }

  /** Our receipt arrived: the message will not be delivered again, its plaintext can go. */
  function onReceiptAck(stanza: BinaryNode): void {
    const hashes = inboxOf().get(stanza.attrs.id ?? '')
    if (!hashes) return
    inboxOf().delete(stanza.attrs.id ?? '')
    state.apply(
      hashes.map((id) => ({ type: 'inbox', id, value: undefined })),
      [],
      'lazy',
    )
  }

  return {
    stanzaId: (ciphertext) => stanzas.get(ciphertext)?.attrs.id,
    decrypted(ciphertext, hash, payload) {
      const stanza = stanzas.get(ciphertext)
      if (!stanza) return
      for (const change of [...sharedKeys(stanza, payload), ...historyNotice(stanza, payload, context())])
        groups.put(change)
      const id = stanza.attrs.id ?? ''
      inboxOf().set(id, [...(inboxOf().get(id) ?? []), hash])
      for (const inbound of readInbound(stanza, payload, context())) {
        // The same message under another ciphertext: a sender's retry, or the phone's copy.
        const before = known.get(inbound.message)
        if (before === 'message') continue
        known.journaled(inbound.message)
        groups.record({ type: 'message.received', at: clock.now(), data: { message: inbound.message } })
        if (before === 'undecryptable') {
          const { id: recovered, chat, sender } = inbound.message
          groups.record({ type: 'message.recovered', at: clock.now(), data: { id: recovered, chat, sender } })
        }
        if (inbound.image) options.onMedia(inbound)
        options.onMessage(inbound.message)
      }
    },
    isJournaled(ciphertext) {
      const stanza = stanzas.get(ciphertext)
      const envelope = stanza && readEnvelope(stanza, context())
      return envelope !== undefined && known.get(envelope) === 'message'
    },
    failed(ciphertext, error) {
      const stanza = stanzas.get(ciphertext)
      const reason = error instanceof Error ? error.message : 'unknown'
      if (stanza) unreadable(stanza, reason)
    },
    listeners: {
      'CB:message': onMessage,
      'CB:receipt': onReceipt,
      'CB:ack,class:receipt': onReceiptAck,
      'CB:ack,class:message': (stanza) => {
        const ack = readMessageAck(stanza)
        if (ack) options.onAck(ack)
      },
    },
  }
}

/** WhatsApp forgets what was not acknowledged for this long (whatsmeow keeps its hashes as long). */
const INBOX_MS = 14 * 24 * 3600_000
/** How often it is looked for what is older. */
const REINDEX_MS = 24 * 3600_000

/** Which stored plaintexts belong to a stanza. Those whose acknowledgement was lost in a crash are dropped when they are old. */
function indexInbox(state: SessionState, now: Date): Map<string, string[]> {
  const index = new Map<string, string[]>()
  const old: string[] = []
  for (const [hash, value] of state.all('inbox')) {
    const { id, at } = value as InboxRecord
    if (now.getTime() - at > INBOX_MS) old.push(hash)
    else index.set(id, [...(index.get(id) ?? []), hash])
  }
  state.apply(
    old.map((id) => ({ type: 'inbox', id, value: undefined })),
    [],
    'lazy',
  )
  return index
}

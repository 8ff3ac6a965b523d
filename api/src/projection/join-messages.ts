/** Two rows that turned out to be one message: it was told under either address of its chat or author. Pure. */
import { statusAdvances } from '@warren/contracts'
import type { MessageDoc } from '../modules/messages/index.ts'
import { UNDECRYPTABLE } from './operations.ts'

type Fields = Partial<MessageDoc>

/** What the row has that stays: as if every entry had named the message by one and the same address. */
export function joinMessages(a: MessageDoc, b: MessageDoc): { set: Fields; unset: (keyof MessageDoc)[] } {
  const fields: Fields = { ...content(a, b), ...status(a, b), ...media(a, b), ...readAt(a, b) }
  const entries = Object.entries(fields)
  return {
    set: Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Fields,
    unset: entries.flatMap(([key, value]) => (value === undefined ? [key as keyof MessageDoc] : [])),
  }
}

/** The later content replaces the earlier; what could not be read replaces nothing. */
function content(a: MessageDoc, b: MessageDoc): Fields {
  const [first, last] = a.seq <= b.seq ? [a, b] : [b, a]
  const keptIsFirst = isStub(last)
  const [kept, other] = keptIsFirst ? [first, last] : [last, first]
  const { timestamp, seq, chatAddress, senderAddress, pushName = other.pushName } = kept
  const firstSeq = Math.min(a.firstSeq ?? a.seq, b.firstSeq ?? b.seq)
  return { content: kept.content, timestamp, seq, firstSeq, chatAddress, senderAddress, pushName } as Fields
}

const isStub = ({ content: { type, ...rest } }: MessageDoc) =>
  type === UNDECRYPTABLE.type && 'kind' in rest && rest.kind === UNDECRYPTABLE.kind

/** The furthest; of equal ones the first. */
function status(a: MessageDoc, b: MessageDoc): Fields {
  if (a.status === undefined || b.status === undefined) return {}
  const bIsAhead =
    a.status === b.status ? (b.statusSeq ?? 0) < (a.statusSeq ?? 0) : statusAdvances(a.status, b.status)
  const { status: furthest, statusAt, statusSeq, error } = bIsAhead ? b : a
  return { status: furthest, statusAt, statusSeq, error } as Fields
}

function media(a: MessageDoc, b: MessageDoc): Fields {
  const { stored, mediaError, mediaSeq } = b.mediaSeq > a.mediaSeq ? b : a
  return { stored, mediaError, mediaSeq } as Fields
}

function readAt(a: MessageDoc, b: MessageDoc): Fields {
  return { readAt: a.readAt ?? b.readAt } as Fields
}

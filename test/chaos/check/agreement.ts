/** Whether what was asked for, WhatsApp's ledger, the journal, the read model and the events agree on every message. Pure. */
import type { Sent } from '../traffic/record.ts'

/** What each place knows of one session. */
export type Accounts = {
  readonly sent: readonly Sent[]
  /** Messages that WhatsApp got from the session, in the order of their first arrival. */
  readonly delivered: readonly Delivered[]
  /** The whole journal, in order. */
  readonly journal: readonly JournalLine[]
  /** The messages that REST shows. */
  readonly shown: readonly Shown[]
  /** Journal entries that a consumer of events was given, in the order in which they came. */
  readonly events: readonly number[]
}

export type Delivered = {
  readonly id: string
  readonly chat: string
  readonly text: string | undefined
  readonly opened: number
  /** Of a group: how often each of its members could read it. */
  readonly openedBy?: Readonly<Record<string, number>>
  readonly decryptFailures: number
  readonly conflicting: boolean
}
export type JournalLine = {
  readonly seq: number
  readonly epoch: number
  readonly type: string
  /** For a message: its id and text; for a status: the message's id and what it tells. */
  readonly message?: { readonly id: string; readonly text?: string; readonly status?: string }
}
export type Shown = {
  readonly id: string
  readonly text: string | undefined
  readonly status: string | undefined
}

/** Sentences about messages; all empty when everything agrees. */
export type Findings = {
  readonly lost: string[]
  readonly duplicated: string[]
  readonly reordered: string[]
  /** Anything else that must not be: unreadable, altered, failed, a gap. */
  readonly wrong: string[]
}

export function disagreements({ sent, delivered, journal, shown, events }: Accounts): Findings {
  const found: Findings = { lost: [], duplicated: [], reordered: [], wrong: [] }
  const out = sent.filter(({ direction }) => direction === 'out')
  const incoming = sent.filter(({ direction }) => direction === 'in')
  const received = journal
    .filter(({ type }) => type === 'message.received')
    .flatMap(({ message }) => message ?? [])
  const outgoing = journal
    .filter(({ type }) => type === 'message.outgoing')
    .flatMap(({ message }) => message ?? [])

  compare('at WhatsApp', out, delivered, found)
  compare('in the journal', incoming, received, found)
  compare('in the journal', out, outgoing, found)
  compare('in the read model', sent, shown, found)
  order('at WhatsApp', out, delivered, found)
  order('in the journal', incoming, received, found)
  order('in the journal', out, outgoing, found)

  for (const { id, opened, decryptFailures, conflicting } of delivered) {
    if (decryptFailures > 0) found.wrong.push(`${id} could not be decrypted by its recipient`)
    if (conflicting) found.wrong.push(`${id} carried two contents`)
    if (opened === 0) found.lost.push(`${id} was never opened by its recipient`)
  }
  const openedBy = new Map(delivered.map((one) => [one.id, one.openedBy]))
  for (const { id, text, readers = [] } of out)
    for (const reader of readers)
      if (!openedBy.get(id)?.[reader]) found.lost.push(`"${text}" (${id}) was never opened by ${reader}`)
  for (const { type, message } of journal)
    if (type === 'message.undecryptable') found.wrong.push(`${message?.id} could not be decrypted`)
  const ours = new Set(out.map(({ id }) => id))
  for (const { id, status } of shown)
    if (ours.has(id) && !['sent', 'delivered', 'read'].includes(status ?? ''))
      found.wrong.push(`${id} is shown as ${status}`)

  counted(
    'the journal',
    journal.map(({ seq }) => seq),
    journal.length,
    found,
  )
  counted('the events', events, journal.length, found)
  const epochs = journal.map(({ epoch }) => epoch)
  if (epochs.some((epoch, index) => epoch < (epochs[index - 1] ?? 0)))
    found.wrong.push('an earlier epoch wrote into the journal after a later one')
  return found
}

/** The same messages with the same texts, each once. */
function compare(
  where: string,
  asked: readonly { id: string; text: string }[],
  there: readonly { id: string; text?: string | undefined }[],
  found: Findings,
): void {
  const byId = Map.groupBy(there, ({ id }) => id)
  for (const { id, text } of asked) {
    const copies = byId.get(id) ?? []
    if (copies.length === 0) found.lost.push(`"${text}" (${id}) is not ${where}`)
    if (copies.length > 1) found.duplicated.push(`"${text}" (${id}) is ${copies.length} times ${where}`)
    for (const copy of copies)
      if (copy.text !== text) found.wrong.push(`"${text}" (${id}) reads "${copy.text}" ${where}`)
  }
  // The same message under another id: a person would read it twice.
  const ids = new Map(asked.map(({ id, text }) => [text, id]))
  for (const { id, text } of there) {
    const known = text === undefined ? undefined : ids.get(text)
    if (known !== undefined && known !== id)
      found.duplicated.push(`"${text}" is ${where} as ${known} and as ${id}`)
  }
}

/** Within each chat in the order in which they were asked for. */
function order(
  where: string,
  asked: readonly Sent[],
  there: readonly { id: string }[],
  found: Findings,
): void {
  const places = new Map<string, number>()
  for (const [place, { id }] of there.entries()) if (!places.has(id)) places.set(id, place)
  for (const chat of Map.groupBy(asked, (one) => one.chat).values()) {
    let last: { place: number; text: string } | undefined
    for (const { id, text } of chat) {
      const place = places.get(id)
      if (place === undefined) continue
      if (last && place < last.place) found.reordered.push(`"${text}" is before "${last.text}" ${where}`)
      else last = { place, text }
    }
  }
}

/** 1, 2, 3 and so on, without a gap and without a repetition. */
function counted(what: string, numbers: readonly number[], upTo: number, found: Findings): void {
  for (const [index, number] of numbers.entries()) {
    if (number === index + 1) continue
    const before = numbers[index - 1] ?? 0
    if (number <= before) found.duplicated.push(`${what} give ${number} after ${before}`)
    else found.lost.push(`${what} go from ${before} to ${number}`)
    return
  }
  if (numbers.length < upTo) found.lost.push(`${what} end at ${numbers.length} of ${upTo}`)
}

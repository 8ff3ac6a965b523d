import type { JournalEntry, JournalEvents, JournalEventType } from '@warren/contracts'

/** An entry before it has its place. */
export type JournalDraft<T extends JournalEventType = JournalEventType> = {
  [K in T]: { readonly type: K; readonly at: Date; readonly data: JournalEvents[K] }
}[T]

/** Gives entries their `seq`: gap-free, because it is the only one who does. */
export type Journal = {
  number(drafts: readonly JournalDraft[]): JournalEntry[]
  /** The last `seq` given; not necessarily durable. */
  head(): number
}

/** @param lastSeq the head of the stored journal */
export function createJournal(lastSeq: number): Journal {
  let seq = lastSeq
  return {
    number: (drafts) => drafts.map((draft) => ({ ...draft, seq: ++seq }) as JournalEntry),
    head: () => seq,
  }
}

/** What was asked for: every message with its text, in the order of its chat. The other side of the comparison. */
export type Sent = {
  readonly direction: 'out' | 'in'
  readonly instance: string
  /** The contact's number. */
  readonly chat: string
  readonly id: string
  readonly text: string
}

export type SentLog = {
  add(sent: Sent): void
  readonly all: readonly Sent[]
  /** Of both directions. */
  count(): number
}

export function createSentLog(): SentLog {
  const all: Sent[] = []
  return { all, add: (sent) => void all.push(sent), count: () => all.length }
}

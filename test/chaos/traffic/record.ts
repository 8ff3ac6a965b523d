/** What was asked for: every message with its text, in the order of its chat. The other side of the comparison. */
export type Sent = {
  readonly direction: 'out' | 'in'
  readonly instance: string
  /** Whose messages keep their order: a contact's number, a group, or a group and who writes in it. */
  readonly chat: string
  /** Numbers that have to read it, for a group. */
  readonly readers?: readonly string[]
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

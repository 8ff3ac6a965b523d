/** What is compared: a process that holds one WhatsApp session and can be told to send. */

/** Bare Baileys as Node runs it, bare Baileys with the process settings of a session pod, and a session pod. */
export type Variant = 'bare' | 'tuned' | 'warren'

export type OutgoingText = {
  readonly id: string
  /** JID of the chat. */
  readonly to: string
  readonly text: string
}

export type Subject = {
  readonly variant: Variant
  /** Number of its phone. */
  readonly account: string
  readonly pid: number
  /** Rejects when the process ends by itself; never resolves. */
  readonly died: Promise<never>
  /** Hands the texts over; calling what it resolves with starts the sending. */
  prepare(messages: readonly OutgoingText[]): Promise<() => void>
  /** Ids of the messages that were received since the last call, each as often as it was. */
  received(): Promise<string[]>
  /** Ends the process; the session stays linked and can be started again. */
  stop(): Promise<void>
}

/** Starts processes of one session, one at a time. */
export type SubjectFactory = {
  readonly variant: Variant
  readonly account: string
  /** Links a new session to its phone and ends the process again. */
  pair(): Promise<void>
  /** Spawns a process for the linked session; resolves at once, before it is connected. */
  spawn(): Promise<Subject>
}

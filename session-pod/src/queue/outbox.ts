/**
 * Sends between acceptance and WhatsApp's answer, in the session's own state.
 *
 * What a crash at each boundary leaves, and what the next process makes of it:
 *
 * | crash after | queue row | outbox | finished | next process |
 * |---|---|---|---|---|
 * | the API's insert | queued | - | - | takes it |
 * | taking, commit not durable | queued | - | - | takes it anew; the barrier held the frame back, so nothing was sent |
 * | taking, commit durable | queued | yes | - | relays the stored bytes under the stored id; does not take it again |
 * | marking it taken | taken | yes | - | the same |
 * | the frame left | taken | yes | - | relays the same bytes and id again: recipients show one message per id |
 * | the ack came, commit not durable | taken | yes | - | the same |
 * | the ack came, commit durable | taken | - | yes | marks the row done, sends nothing |
 * | marking it done | done | - | yes | nothing to send; forgets `finished` |
 *
 * Relaying after a restart waits until WhatsApp has delivered what it kept for us: receipts among it settle sends whose ack was lost.
 */
import type { Address, ErrorCode, Message, MessageStatus } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { JournalDraft } from '../session/journal.ts'
import type { Change, SessionState } from '../store/state.ts'

/** A send that WhatsApp has not answered yet. */
export type OutboxRecord = {
  /** The JID it goes to: the LID where it is known. */
  readonly to: string
  /** The `Message` protobuf, fixed before the first attempt. */
  readonly proto: Uint8Array
  readonly chat: Address
  /** Place in the queue. */
  readonly position: number
}

export type SendError = {
  readonly code: ErrorCode
  readonly whatsappCode?: number
  readonly message: string
  /** A restriction by WhatsApp ends then. */
  readonly until?: Date
}

export type Outbox = {
  get(id: string): OutboxRecord | undefined
  any(): boolean
  /** In the order of the queue. */
  all(): [id: string, record: OutboxRecord][]
  /** WhatsApp answered, and the row in the queue is perhaps not marked done. */
  isFinished(id: string): boolean
  finished(): string[]
  /**
   * From here on it will be sent, whatever happens.
   * @param spent what protection counts for it: in the same step, so that neither is without the other
   */
  accept(id: string, record: OutboxRecord, message: Message, spent?: readonly Change[]): void
  /** WhatsApp has it. Nothing happens when that was known. */
  sent(id: string, at: Date): boolean
  /** WhatsApp refused it, or it was found unsendable before it was accepted. */
  failed(id: string, chat: Address, error: SendError): void
  /** The row in the queue is done: the id need not be remembered once no read of the queue is under way that may still show it. */
  forget(ids: readonly string[]): void
  /** Runs a read of the queue together with what is made of its rows. */
  whileReading<T>(read: () => Promise<T>): Promise<T>
}

/** How long contacts may ask for a message again. whatsmeow keeps them as long. */
const SENT_MS = 7 * 24 * 3600_000

export function createOutbox(state: SessionState, clock: Clock): Outbox {
  const get = (id: string) => state.get('outbox', id) as OutboxRecord | undefined

  function status(id: string, chat: Address, to: MessageStatus, at: Date, error?: SendError): JournalDraft {
    return {
      type: 'message.status',
      at: clock.now(),
      data: { id, chat, status: to, at, ...(error ? { error } : {}) },
    }
  }

  const settled = (id: string): Change[] => [
    { type: 'outbox', id, value: undefined },
    { type: 'finished', id, value: 1 },
  ]

  let reads = 0
  let forgettable: string[] = []

  function forget(ids: readonly string[]): void {
    forgettable.push(...ids)
    if (reads > 0) return
    const known = forgettable.filter((id) => state.get('finished', id) !== undefined)
    forgettable = []
    state.apply(
      known.map((id) => ({ type: 'finished', id, value: undefined })),
      [],
      'lazy',
    )
  }

  return {
    get,
    any: () => !state.all('outbox').next().done,
    all: () =>
      ([...state.all('outbox')] as [string, OutboxRecord][]).sort(([, a], [, b]) => a.position - b.position),
    isFinished: (id) => state.get('finished', id) !== undefined,
    finished: () => [...state.all('finished')].map(([id]) => id),
    accept(id, record, message, spent = []) {
      const at = clock.now()
      state.apply(
        [{ type: 'outbox', id, value: record }, ...spent],
        [{ type: 'message.outgoing', at, data: { message } }, status(id, record.chat, 'pending', at)],
      )
    },
    sent(id, at) {
      const record = get(id)
      if (!record) return false
      const expiresAt = new Date(clock.now().getTime() + SENT_MS)
      const archived: Change = { type: 'sent', id, value: record.proto, expiresAt }
      state.apply([...settled(id), archived], [status(id, record.chat, 'sent', at)], 'lazy')
      return true
    },
    failed(id, chat, error) {
      state.apply(settled(id), [status(id, chat, 'failed', clock.now(), error)], 'lazy')
    },
    forget,
    async whileReading(read) {
      reads += 1
      try {
        return await read()
      } finally {
        reads -= 1
        if (forgettable.length > 0) forget([])
      }
    },
  }
}

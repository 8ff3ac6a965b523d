/** Brings the queue to WhatsApp: one sender a chat, so that its messages keep their order; chats side by side. */
import { bareJid, ERRORS, isWarrenError, type Message, type QueueDoc, WarrenError } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { AddressBook } from '../whatsapp/addresses.ts'
import type { Messenger } from '../whatsapp/messenger.ts'
import type { BuiltMessage } from './build-message.ts'
import { createLanes } from './lanes.ts'
import type { Outbox } from './outbox.ts'
import type { QueueMarker } from './queue-marker.ts'

/** Rows read at a time. */
const PAGE = 100
/** Sends under way, from taking to the server's answer, above which no more rows are read. */
const MAX_UNDER_WAY = 400
/** Chats that are served at a time. */
const MAX_CHATS = 20
/** Rows become visible a little out of order, since several API replicas insert; each pass looks back this far. */
const LOOK_BACK = 64
/** A pass from the beginning, for what every hint missed. */
const SWEEP_MS = 5_000
/** Attempts in one connection for a message whose encryption fails, and the pause between them. */
const MAX_ATTEMPTS = 3
const RETRY_MS = 2_000

export type SenderOptions = {
  readonly outbox: Outbox
  readonly marker: QueueMarker
  readonly pending: (afterPosition: number, limit: number) => Promise<QueueDoc[]>
  readonly build: (row: QueueDoc, messenger: Messenger) => Promise<BuiltMessage>
  readonly addresses: AddressBook
  readonly own: () => { pn?: string; lid?: string }
  readonly clock: Clock
  readonly logger: Logger
  readonly onSent: () => void
}

export type Sender = {
  start(): void
  /** New rows may be there. */
  wake(): void
  /** With a messenger: WhatsApp delivers and has told what it had kept. Without: it does not any more. */
  ready(messenger: Messenger | undefined): void
  /** The devices of the recipient were out of date: once more with fresh ones. False when that was tried already. */
  retryFresh(id: string): boolean
  /** Takes no more rows; resolves when nothing is being handed over. */
  stop(): Promise<void>
}

export function createSender(options: SenderOptions): Sender {
  const { outbox, marker, clock, logger, addresses } = options
  const lanes = createLanes(MAX_CHATS)
  /** Rows in a lane. */
  const busy = new Set<string>()
  const refreshed = new Set<string>()
  let messenger: Messenger | undefined
  let stopped = false
  let sweep: Timer | undefined
  let seen = 0
  let reading: Promise<void> | undefined
  let wanted: 'no' | 'near' | 'all' = 'no'

  function read(from: 'near' | 'all'): void {
    if (stopped || !messenger) return
    if (wanted !== 'all') wanted = from
    reading ??= readPages()
      .catch((error: unknown) => logger.warn('the send queue could not be read', { error }))
      .finally(() => {
        reading = undefined
      })
  }

  async function readPages(): Promise<void> {
    while (wanted !== 'no' && messenger && !stopped) {
      let after = wanted === 'all' ? 0 : Math.max(0, seen - LOOK_BACK)
      wanted = 'no'
      for (;;) {
        if (busy.size >= MAX_UNDER_WAY) break
        const rows = await options.pending(after, PAGE)
        for (const row of rows) take(row)
        const last = rows.at(-1)
        if (!last) break
        after = last.position
        seen = Math.max(seen, after)
        if (rows.length < PAGE) break
      }
    }
  }

  function take(row: QueueDoc): void {
    const id = row.messageId
    if (outbox.isFinished(id)) marker.done(id)
    else if (!busy.has(id) && !outbox.get(id)) inLane(id, row.to, (via) => accept(row, via))
  }

  function inLane(id: string, chat: string, work: (via: Messenger) => Promise<void>): void {
    busy.add(id)
    const via = messenger
    lanes.run(bareJid(chat), async () => {
      try {
        // What waited while the connection was lost is read again when there is one.
        if (via && via === messenger && !stopped) await work(via)
      } catch (error) {
        logger.warn('a send did not get through and is tried again', { messageId: id, error })
      } finally {
        busy.delete(id)
        if (busy.size === MAX_UNDER_WAY - 1) read('near')
      }
    })
  }

  async function accept(row: QueueDoc, via: Messenger): Promise<void> {
    const id = row.messageId
    const destination = await via.resolve(row.to)
    if (destination === 'absent') return refuse(row, new WarrenError('not_on_whatsapp'))
    let built: BuiltMessage
    try {
      built = await options.build(row, via)
    } catch (error) {
      if (isWarrenError(error) && !error.retryable) return refuse(row, error)
      throw error
    }
    if (via !== messenger) return
    const { pn, lid } = options.own()
    const chat = addresses.complete(row.to, destination.jid)
    const message: Message = {
      id,
      chat,
      sender: addresses.complete(pn ?? lid ?? '', lid),
      fromMe: true,
      timestamp: clock.now(),
      content: built.content,
    }
    const record = { to: destination.jid, proto: built.proto, chat, position: row.position }
    outbox.accept(id, record, message)
    marker.taken(id)
    await relay(id, via, false)
  }

  function refuse(row: QueueDoc, { code, message }: WarrenError): void {
    outbox.failed(row.messageId, addresses.complete(row.to), { code, message })
    marker.done(row.messageId)
  }

  async function relay(id: string, via: Messenger, fresh: boolean): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const record = outbox.get(id)
      if (!record || via !== messenger) return
      try {
        await via.relay(id, record.to, record.proto, fresh || attempt > 1)
        options.onSent()
        return
      } catch (error) {
        if (via !== messenger) return
        if (attempt === MAX_ATTEMPTS) {
          // Baileys throws before it sends: the recipient has no device that can be encrypted for.
          logger.warn('a message could not be encrypted', { messageId: id, error })
          outbox.failed(id, record.chat, { code: 'recipient_stale', message: ERRORS.recipient_stale.title })
          return marker.done(id)
        }
        await clock.sleep(RETRY_MS)
      }
    }
  }

  return {
    start() {
      sweep = clock.setInterval(SWEEP_MS, () => read('all'))
    },
    wake: () => read('near'),
    ready(next) {
      messenger = next
      if (!next) return
      for (const id of outbox.finished()) marker.done(id)
      for (const [id, record] of outbox.all()) {
        if (!busy.has(id)) inLane(id, record.chat.jid, (via) => relay(id, via, false))
      }
      read('all')
    },
    retryFresh(id) {
      const record = outbox.get(id)
      if (!record || refreshed.has(id) || !messenger) return false
      refreshed.add(id)
      inLane(id, record.chat.jid, (via) => relay(id, via, true))
      return true
    },
    async stop() {
      stopped = true
      sweep?.stop()
      await reading
      await lanes.idle()
    },
  }
}

/** Brings the queue to WhatsApp: one sender a chat, so that its messages keep their order; chats side by side. */
import {
  type Address,
  canonicalJid,
  isWarrenError,
  type Message,
  type QueueDoc,
  WarrenError,
} from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { Protection } from '../protection/index.ts'
import type { AddressBook } from '../whatsapp/addresses.ts'
import type { Messenger } from '../whatsapp/messenger.ts'
import type { BuiltMessage } from './build-message.ts'
import { createLanes } from './lanes.ts'
import { createLeftRows } from './left-rows.ts'
import type { Outbox, OutboxRecord } from './outbox.ts'
import type { QueueMarker } from './queue-marker.ts'
import { createQueueReader } from './queue-reader.ts'

/** Sends under way, from taking to the server's answer, above which no more rows are read. */
const MAX_UNDER_WAY = 400
/** Chats that are served at a time. */
const MAX_CHATS = 20
/** A pass from the beginning, for what every hint missed. */
const SWEEP_MS = 5_000
/** The same while rows were left in the queue, all of which it reads again. */
const SWEEP_LEFT_MS = 60_000
/** Attempts for a message that can be encrypted for no device, before it has failed. */
const MAX_ATTEMPTS = 3
/** Failures of the first of a chat after which what is behind it goes back to the queue. */
const STUCK_AFTER = 2
/** Pause before a send that did not get through is tried again; doubles up to the greatest. The chat waits meanwhile, others do not. */
const RETRY_MS = 2_000
const MAX_RETRY_MS = 30_000

export type SenderOptions = {
  readonly outbox: Outbox
  readonly marker: QueueMarker
  readonly pending: (afterPosition: number, limit: number) => Promise<QueueDoc[]>
  readonly build: (row: QueueDoc, messenger: Messenger) => Promise<BuiltMessage>
  readonly addresses: AddressBook
  readonly protection: Pick<Protection, 'gate' | 'signal' | 'isOptedOut' | 'mayHoldBack' | 'isHeld'>
  readonly own: () => { pn?: string; lid?: string }
  readonly clock: Clock
  readonly logger: Logger
  readonly onSent: () => void
  /**
   * What was accepted waits: WhatsApp left it without an answer and it goes out again by the next connection, or it does not get through
   * and is tried again. Before it is accepted the gate tells.
   */
  readonly onWaiting: (id: string, record: OutboxRecord, reason: 'unanswered' | 'retrying') => void
}

/** `held`: the gate wakes the lane once it may go. */
type Outcome = 'done' | 'again' | 'held'

export type Sender = {
  start(): void
  /** New rows may be there. */
  wake(): void
  /** The first of this lane may pass the gate now. */
  pass(lane: string): void
  /** With a messenger: WhatsApp delivers and has told what it had kept. Without: it does not any more. */
  ready(messenger: Messenger | undefined): void
  /** What WhatsApp has not answered: whether there is anything, and when the oldest was given to this connection (monotonic clock). */
  unanswered(): { readonly any: boolean; readonly sinceMs?: number }
  /** The connection is renewed because of that. Counted and told once for each send. */
  blame(): void
  /** The devices of the recipient were out of date: once more with fresh ones. False when that was tried already. */
  retryFresh(id: string): boolean
  /** Takes no more rows; resolves when nothing is being handed over. */
  stop(): Promise<void>
}

export function createSender(options: SenderOptions): Sender {
  const { outbox, marker, clock, logger, addresses, protection } = options
  const { gate } = protection
  const lanes = createLanes(MAX_CHATS, clock)
  /** Rows in a lane. */
  const busy = new Set<string>()
  /** Those of them that came from the queue, by their position. */
  const queued = new Map<number, string>()
  const left = createLeftRows()
  /** Lanes whose first does not get through: the rows behind it stay in the queue. */
  const stuck = new Set<string>()
  const refreshed = new Set<string>()
  /** What this connection was given, and when, on the monotonic clock. */
  const relayed = new Map<string, number>()
  /** Sends for which a connection was renewed. */
  const blamed = new Set<string>()
  let messenger: Messenger | undefined
  let stopped = false
  let sweep: Timer | undefined

  const { read, settled } = createQueueReader({
    outbox,
    left,
    pending: options.pending,
    take,
    wants: () => !stopped && messenger !== undefined,
    hasRoom: () => busy.size < MAX_UNDER_WAY,
    onError: (error) => logger.warn('the send queue could not be read', { error }),
  })

  function take(row: QueueDoc): void {
    const id = row.messageId
    if (outbox.isFinished(id)) marker.done(id)
    else if (!busy.has(id) && !outbox.get(id)) {
      const { position, content } = row
      const chat = addresses.complete(row.to)
      const lane = laneOf(chat)
      const held = protection.isHeld(chat)
      // Rows may have been left under the other address of the person.
      const names = [lane, chat.pn, chat.lid] as const
      if (left.leaves(id, names, { held, stuck: stuck.has(lane), bounded: protection.mayHoldBack })) return
      left.took(id, lane, held)
      queued.set(position, id)
      const typed = content.type === 'text' ? content.text : (content.caption ?? '')
      gate.enlist({ id, lane, position, chat, characters: typed.length })
      inLane(id, lane, position, sending(row))
    }
  }

  /** Both addresses of a person are one lane, also when the second was learnt while the lane of the first is in use. */
  function laneOf(chat: Address): string {
    return [chat.pn, chat.lid].find((jid) => jid && lanes.has(jid)) ?? canonicalJid(chat)
  }

  function inLane(
    id: string,
    lane: string,
    position: number,
    work: (via: Messenger) => Promise<Outcome>,
  ): void {
    let pauseMs = RETRY_MS / 2
    let failures = 0
    busy.add(id)
    lanes.run(lane, position, async () => {
      if (!stopped) {
        const via = messenger
        // Without a connection it keeps its place at the head: the next one wakes it.
        if (!via?.isOpen()) return MAX_RETRY_MS
        const outcome = await work(via).catch((error: unknown): Outcome => {
          logger.warn('a send did not get through and is tried again', { messageId: id, error })
          return 'again'
        })
        if (outcome !== 'again' && stuck.delete(lane)) read('all')
        if (outcome === 'held' && !stopped) return MAX_RETRY_MS
        if (outcome === 'again' && !stopped) {
          if (via === messenger) failed(id, lane, ++failures)
          pauseMs = via === messenger ? Math.min(MAX_RETRY_MS, pauseMs * 2) : 0
          gate.giveBack(id, pauseMs)
          return pauseMs
        }
      }
      gate.delist(id)
      if (queued.delete(position) && left.gone(id, lane)) read('all')
      busy.delete(id)
      if (busy.size === MAX_UNDER_WAY - 1) read('near')
      return undefined
    })
  }

  function failed(id: string, lane: string, times: number): void {
    if (times < STUCK_AFTER) return
    const record = outbox.get(id)
    if (record && times === STUCK_AFTER) options.onWaiting(id, record, 'retrying')
    putBackWhatWaits(lane)
  }

  /** What does not get through must not keep its whole chat in memory, or it would keep the others out. */
  function putBackWhatWaits(lane: string): void {
    stuck.add(lane)
    lanes.shed(lane, (position) => {
      const id = queued.get(position)
      if (id === undefined || outbox.get(id)) return false
      queued.delete(position)
      gate.delist(id)
      busy.delete(id)
      left.putBack(id, lane)
      return true
    })
    read('near')
  }

  /** A row, from its acceptance to the frame. */
  function sending(row: QueueDoc): (via: Messenger) => Promise<Outcome> {
    const relay = relaying(row.messageId, false)
    let accepted = false
    return async (via) => {
      if (!accepted && !gate.ask(row.messageId)) return 'held'
      accepted ||= await accept(row, via)
      return accepted ? relay(via) : 'again'
    }
  }

  /** False when the connection was lost before the row could be accepted. */
  async function accept(row: QueueDoc, via: Messenger): Promise<boolean> {
    const id = row.messageId
    if (row.category === 'marketing' && protection.isOptedOut(addresses.complete(row.to)))
      return refuse(row, new WarrenError('recipient_opted_out'))
    const destination = await via.resolve(row.to)
    if (destination === 'absent') {
      protection.signal('notOnWhatsapp')
      return refuse(row, new WarrenError('not_on_whatsapp'))
    }
    let built: BuiltMessage
    try {
      built = await options.build(row, via)
    } catch (error) {
      if (isWarrenError(error) && !error.retryable) return refuse(row, error)
      throw error
    }
    if (via !== messenger) return false
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
    outbox.accept(id, record, message, gate.spend(id))
    marker.taken(id)
    return true
  }

  function refuse(row: QueueDoc, { code, message }: WarrenError): true {
    outbox.failed(row.messageId, addresses.complete(row.to), { code, message })
    marker.done(row.messageId)
    return true
  }

  /** What was accepted, from its stored bytes. Only a definite refusal fails it; whatever else goes wrong may pass. */
  function relaying(
    id: string,
    fresh: boolean,
    settled?: OutboxRecord,
  ): (via: Messenger) => Promise<Outcome> {
    let attempts = 0
    return async (via) => {
      const waiting = outbox.get(id)
      const record = waiting ?? settled
      if (!record) return 'done'
      try {
        await via.relay(id, record.to, record.proto, fresh || attempts > 0)
      } catch (error) {
        if (!waiting) return 'done'
        if (!isDefinite(error) || via !== messenger) throw error
        attempts += 1
        if (error.code === 'recipient_stale' && attempts < MAX_ATTEMPTS) throw error
        logger.warn('a message cannot be sent', { messageId: id, error })
        const { code, message } = error
        outbox.failed(id, record.chat, { code, message })
        marker.done(id)
        return 'done'
      }
      // The next connection relays it again: this one may have ended before the frame left.
      if (via !== messenger) return 'again'
      relayed.delete(id)
      relayed.set(id, clock.monotonicMs())
      options.onSent()
      return 'done'
    }
  }

  /** What this connection was not given yet goes into its lane. */
  function relayOutbox(): void {
    for (const [id, { chat, position }] of outbox.all()) {
      if (!busy.has(id) && !relayed.has(id)) inLane(id, laneOf(chat), position, relaying(id, false))
    }
  }

  /** In the order in which they were given to this connection. */
  function oldestUnanswered(): readonly [id: string, sinceMs: number] | undefined {
    for (const one of relayed) {
      if (outbox.get(one[0])) return one
      relayed.delete(one[0])
    }
    return undefined
  }

  return {
    start() {
      let sweptMs = clock.monotonicMs()
      sweep = clock.setInterval(SWEEP_MS, () => {
        if (stopped || !messenger) return
        relayOutbox()
        if (left.any() && clock.monotonicMs() - sweptMs < SWEEP_LEFT_MS) return read('near')
        sweptMs = clock.monotonicMs()
        read('all')
      })
    },
    wake: () => read('near'),
    pass: lanes.wakeLane,
    ready(next) {
      messenger = next
      relayed.clear()
      stuck.clear()
      if (!next) return
      for (const id of outbox.finished()) marker.done(id)
      relayOutbox()
      lanes.wake()
      read('all')
    },
    unanswered() {
      const [, sinceMs] = oldestUnanswered() ?? []
      return { any: outbox.any(), ...(sinceMs === undefined ? {} : { sinceMs }) }
    },
    blame() {
      const [id] = oldestUnanswered() ?? []
      const record = id === undefined ? undefined : outbox.get(id)
      if (id === undefined || !record || blamed.has(id)) return
      blamed.add(id)
      logger.warn('WhatsApp does not acknowledge', { messageId: id })
      protection.signal('unanswered')
      options.onWaiting(id, record, 'unanswered')
    },
    retryFresh(id) {
      const record = outbox.get(id)
      if (!record || refreshed.has(id) || !messenger) return false
      refreshed.add(id)
      // A receipt may settle it meanwhile; the devices that are meant have not got it all the same.
      inLane(id, laneOf(record.chat), record.position, relaying(id, true, record))
      return true
    },
    async stop() {
      stopped = true
      sweep?.stop()
      await settled()
      await lanes.stop()
    },
  }
}

const isDefinite = (error: unknown): error is WarrenError =>
  isWarrenError(error) && (error.code === 'recipient_stale' || !error.retryable)

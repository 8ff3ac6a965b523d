/** All of sending: the outbox, the gate of protection, the sender, and what WhatsApp's answers mean to the three. */

import {
  canonicalJid,
  type Message,
  type ProtectionSettings,
  parseJid,
  type QueueDoc,
} from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { createProtection, type Protection } from './protection/index.ts'
import type { MessageBuilder } from './queue/build-message.ts'
import type { Outbox, OutboxRecord } from './queue/outbox.ts'
import type { QueueMarker } from './queue/queue-marker.ts'
import { createSender, type Sender } from './queue/sender.ts'
import type { Groups } from './store/groups.ts'
import type { SessionState } from './store/state.ts'
import { type AddressBook, type Messenger, refusalOf } from './whatsapp/index.ts'
import type { AckNews } from './whatsapp/receipts.ts'

export type Sending = {
  readonly protection: Protection
  readonly sender: Sender
  /** The server's answer to a message. */
  onAck(ack: AckNews): void
  /** Receipts prove that the server has these. */
  onReceived(ids: readonly string[]): void
  /** Inside the group that stores a received message. */
  onMessage(message: Message): void
}

/** WhatsApp's refusal of a conversation that the account may not begin. */
const MAY_NOT_BEGIN = 463
/** The recipient's devices changed. */
const STALE = 479
/** How long the reason of a refusal may be asked for before the message is told as failed. */
const ASK_MS = 5_000

export function createSending(options: {
  settings: ProtectionSettings
  state: SessionState
  groups: Pick<Groups, 'put' | 'record'>
  outbox: Outbox
  marker: QueueMarker
  pending: (afterPosition: number, limit: number) => Promise<QueueDoc[]>
  build: MessageBuilder
  addresses: AddressBook
  own: () => { pn?: string; lid?: string }
  messenger: () => Messenger | undefined
  clock: Clock
  random: () => number
  logger: Logger
  onSent: () => void
  /** WhatsApp answered to a message, whatever it said. */
  onAnswered: () => void
  /** What the session's status shows of protection has changed. */
  onChange: () => void
}): Sending {
  const { state, groups, outbox, marker, messenger, clock, logger } = options
  /** Refused messages whose reason is being asked for. */
  const explained = new Set<string>()

  const protection = createProtection({
    ...options,
    type(chat) {
      const to = canonicalJid(chat)
      // Of a bare number it is not known yet whether anybody is there.
      if (parseJid(to)?.kind !== 'pn') messenger()?.typing(to)
    },
    onPass: (lane) => sender.pass(lane),
  })
  const sender: Sender = createSender({
    ...options,
    protection,
    onWaiting: (id, { chat }, reason) =>
      state.apply(
        [],
        [{ type: 'message.waiting', at: clock.now(), data: { id, chat, reason, position: 1 } }],
        'lazy',
      ),
  })

  function fail(id: string, { chat }: OutboxRecord, code: number, until?: Date): void {
    if (!outbox.get(id)) return
    outbox.failed(id, chat, { ...refusalOf(code, chat.jid), ...(until ? { until } : {}) })
    marker.done(id)
  }

  /** Whether the account is restricted, and until when, is asked for: the number stands for a missing token of one chat as well. */
  async function explain(id: string, record: OutboxRecord): Promise<void> {
    if (explained.has(id)) return
    explained.add(id)
    const before = protection.restrictedUntil()
    const asked = messenger()?.askRestriction()
    await Promise.race([asked, clock.sleep(ASK_MS)]).catch((error: unknown) =>
      logger.debug('WhatsApp did not tell whether the account is restricted', { error }),
    )
    const until = protection.restrictedUntil()
    // A restriction that began just now was a signal by itself.
    if (!until || before) protection.signal('messageRefused')
    fail(id, record, MAY_NOT_BEGIN, until)
    explained.delete(id)
  }

  /** WhatsApp knows of devices that the message did not go to: it goes out once more, under its id, to all that there are now. */
  function reachesMore(id: string, phash: string): boolean {
    if (!messenger()?.missedDevices(id, phash) || !sender.retryFresh(id)) return false
    logger.info('a message missed devices of its chat and goes out once more', { messageId: id })
    return true
  }

  return {
    protection,
    sender,
    onAck({ id, error, phash }) {
      options.onAnswered()
      const record = outbox.get(id)
      if (!record) return
      if (error === MAY_NOT_BEGIN) return void explain(id, record)
      if (error === STALE && sender.retryFresh(id)) return
      if (error === undefined && phash !== undefined && reachesMore(id, phash)) return
      if (error === undefined) {
        outbox.sent(id, clock.now())
        protection.sent(record.chat)
        marker.done(id)
        return
      }
      fail(id, record, error)
      if (error !== STALE) protection.signal('messageRefused')
    },
    onReceived(ids) {
      for (const id of ids) {
        const chat = outbox.get(id)?.chat
        if (!outbox.sent(id, clock.now())) continue
        if (chat) protection.sent(chat)
        marker.done(id)
      }
    },
    onMessage(message) {
      const { changes, drafts } = protection.received(message)
      for (const change of changes) groups.put(change)
      for (const draft of drafts) groups.record(draft)
    },
  }
}

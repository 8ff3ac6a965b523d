/** The sender without its surroundings, for tests. */
import assert from 'node:assert/strict'
import { PROTECTION_OFF, type ProtectionSettings, type QueueDoc } from '@warren/contracts'
import { type Clock, systemClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import { createProtection } from '../protection/index.ts'
import { createJournal } from '../session/journal.ts'
import { createState, type SessionState } from '../store/state.ts'
import { createAddressBook } from '../whatsapp/addresses.ts'
import type { Destination, Messenger } from '../whatsapp/messenger.ts'
import { createOutbox } from './outbox.ts'
import { createQueueMarker } from './queue-marker.ts'
import { createSender, type Sender } from './sender.ts'

export const chat = '491@s.whatsapp.net'

/** A row of the queue. */
export function row(messageId: string, position: number, to = chat): QueueDoc {
  return {
    _id: `test.one/${messageId}`,
    instance: 'test.one',
    organization: 'acme',
    messageId,
    position,
    to,
    content: { type: 'text', text: messageId },
    state: 'queued',
    createdAt: new Date(),
  }
}

/** A sender on a queue in memory and a WhatsApp that notes what is relayed. */
export function setUp(
  queue: QueueDoc[],
  state: SessionState = createState(createJournal(0)),
  clock: Clock = systemClock,
  settings: ProtectionSettings = PROTECTION_OFF,
) {
  const relayed: string[] = []
  const outbox = createOutbox(state, clock)
  const done = new Set<string>()
  const marker = createQueueMarker({
    now: state.mark,
    tell: async (ids, to) => {
      if (to === 'done') for (const id of ids) done.add(id)
    },
    onDone: outbox.forget,
    onError: (error) => assert.fail(String(error)),
  })
  const waiting: string[] = []
  const behaviour: {
    open: boolean
    resolve: (to: string) => Promise<Destination>
    relay: (id: string) => Promise<void>
  } = {
    open: true,
    resolve: async (to) => ({ jid: to }),
    relay: async (id) => void relayed.push(id),
  }
  const messenger = {
    isOpen: () => behaviour.open,
    resolve: (to: string) => behaviour.resolve(to),
    relay: (id: string) => behaviour.relay(id),
  } as unknown as Messenger
  const addresses = createAddressBook(state.get)
  const typed: string[] = []
  const protection = createProtection({
    settings,
    state,
    clock,
    random: () => 0.5,
    type: ({ jid }) => void typed.push(jid),
    onPass: (lane) => sender.pass(lane),
    onChange: () => {},
  })
  const sender: Sender = createSender({
    outbox,
    marker,
    pending: async (after, limit) =>
      queue.filter((one) => one.position > after && !done.has(one.messageId)).slice(0, limit),
    build: async ({ content }) => ({
      proto: Buffer.from(JSON.stringify(content)),
      content: { type: 'text', text: '' },
    }),
    addresses,
    protection,
    own: () => ({ pn: '490@s.whatsapp.net' }),
    clock,
    logger: silentLogger,
    onSent: () => {},
    onWaiting: (id, _record, reason) => void waiting.push(`${id} ${reason}`),
  })
  return {
    sender,
    protection,
    typed,
    messenger,
    state,
    outbox,
    marker,
    relayed,
    done,
    behaviour,
    waiting,
  }
}

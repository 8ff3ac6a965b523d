/** A session pod as the API sees one: it holds the lease, writes the journal, publishes, and answers commands. */
import {
  type Address,
  addressOf,
  CHANNELS,
  type CommandCall,
  type EventMap,
  type InstanceId,
  type JournalEntry,
  type JournalEvents,
  type JournalEventType,
  journalEnvelope,
  type LiveEvents,
  liveEnvelope,
  type Message,
  type SessionStatus,
  sessionKeyOf,
} from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'
import type { SessionStore } from '@warren/runtime/session-store'

const TTL_MS = 60_000

export type PodOptions = {
  /** Whether what is journaled is also told on the bus; a pod that lost Redis writes only. */
  readonly publish?: boolean
}

export async function startPod(
  deps: { store: SessionStore; bus: Bus },
  organization: string,
  instance: InstanceId,
) {
  const { store, bus } = deps
  const session = sessionKeyOf({ organization, instance })
  const {
    lease,
    n: takeover,
    seq: before,
  } = await store.acquire({
    instance,
    organization,
    holder: `pod/${Math.random()}`,
    ttlMs: TTL_MS,
  })
  let n = takeover
  let seq = before
  let live = 0
  let status: SessionStatus = { phase: 'starting', since: new Date() }
  const origin = { organization, instance, epoch: lease.epoch }

  async function report(next: SessionStatus): Promise<void> {
    status = next
    await store.renew(lease, TTL_MS, { status, seq })
    void bus.publish(CHANNELS.sessions, session)
  }

  /** One commit with these entries. */
  async function journal(
    events: readonly { [T in JournalEventType]: { type: T; data: JournalEvents[T] } }[JournalEventType][],
    { publish = true }: PodOptions = {},
  ): Promise<JournalEntry[]> {
    const entries = events.map((event) => ({ ...event, seq: ++seq, at: new Date() }) as JournalEntry)
    await store.append(lease, ++n, { entries })
    await store.renew(lease, TTL_MS, { status, seq })
    if (publish) {
      for (const entry of entries)
        void bus.publish(CHANNELS.events(organization), journalEnvelope(origin, entry))
      void bus.publish(CHANNELS.journal, session)
    }
    return entries
  }

  async function tell<T extends keyof LiveEvents>(type: T, data: EventMap[T]): Promise<void> {
    const envelope = liveEnvelope(origin, type, data, new Date(), String(++live))
    await bus.publish(CHANNELS.events(organization), envelope)
  }

  /** Answers commands until the bus stops. */
  async function serve(handler: (call: CommandCall) => unknown): Promise<void> {
    await bus.serve(CHANNELS.commands(session), (call) => handler(call as CommandCall)).ready
  }

  return {
    report,
    journal,
    tell,
    serve,
    lease,
    seq: () => seq,
    receive: (message: Message, options?: PodOptions) =>
      journal([{ type: 'message.received', data: { message } }], options),
    release: () => store.release(lease, { status, seq }),
  }
}

export type TestPod = Awaited<ReturnType<typeof startPod>>

/** A received text, unless told otherwise. */
export function textMessage(
  id: string,
  from: Address | string,
  text: string,
  more: Partial<Message> = {},
): Message {
  const chat = typeof from === 'string' ? addressOf(from) : from
  return {
    id,
    chat,
    sender: chat,
    fromMe: false,
    timestamp: new Date(1_800_000_000_000),
    content: { type: 'text', text },
    ...more,
  }
}

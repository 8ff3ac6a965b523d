/** A reader of server-sent events that keeps what it saw. */
import type { EventEnvelope } from '@warren/contracts'
import type { Cleanup } from '@warren/runtime/testing'

export type SeenEvent = { readonly id: string | undefined; readonly event: EventEnvelope }

export type EventReader = {
  readonly seen: SeenEvent[]
  /** The last id that was seen, to resume from. */
  lastId(): string | undefined
  close(): void
}

/** Opens `/api/v1/events`; resolves when the stream is open. */
export async function readEvents(
  test: Cleanup,
  url: string,
  token: string,
  lastEventId?: string,
): Promise<EventReader> {
  const abort = new AbortController()
  test.after(() => abort.abort())
  const response = await fetch(`${url}/api/v1/events`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...(lastEventId ? { 'last-event-id': lastEventId } : {}),
    },
    signal: abort.signal,
  })
  if (!response.ok || !response.body) throw new Error(`events: ${response.status} ${await response.text()}`)
  const seen: SeenEvent[] = []
  let lastId: string | undefined
  void (async () => {
    let buffer = ''
    for await (const chunk of response.body ?? []) {
      buffer += Buffer.from(chunk).toString()
      const blocks = buffer.split('\n\n')
      buffer = blocks.pop() ?? ''
      for (const block of blocks) {
        const field = (name: string) =>
          block
            .split('\n')
            .find((line) => line.startsWith(`${name}:`))
            ?.slice(name.length + 1)
            .trim()
        const id = field('id')
        const data = field('data')
        if (id) lastId = id
        if (data) seen.push({ id, event: JSON.parse(data) })
      }
    }
  })().catch(() => {})
  return { seen, lastId: () => lastId, close: () => abort.abort() }
}

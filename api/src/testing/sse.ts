/** A reader of server-sent events for tests. */
import assert from 'node:assert/strict'

export type SseEvent = {
  readonly id?: string
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape
  readonly data: any
}

export type SseReader = {
  /** Everything that has arrived. */
  readonly events: readonly SseEvent[]
  /** The id with which a browser would come back. */
  lastEventId(): string | undefined
  readonly headers: Headers
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>
  close(): void
}

export async function readSse(
  url: string,
  options: { token: string; lastEventId?: string },
): Promise<SseReader> {
  const abort = new AbortController()
  const response = await fetch(url, {
    signal: abort.signal,
    headers: {
      authorization: `Bearer ${options.token}`,
      ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
    },
  })
  if (response.status !== 200) assert.fail(`${response.status} ${await response.text()}`)
  const events: SseEvent[] = []
  let last = options.lastEventId
  const ended = (async () => {
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (text + chunk).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        const id = field('id')
        const data = field('data')
        last = id ?? last
        if (data !== undefined)
          events.push({
            ...(id === undefined ? {} : { id }),
            type: field('event') ?? '',
            data: JSON.parse(data),
          })
      }
    }
  })().catch(() => {})
  return { events, lastEventId: () => last, headers: response.headers, ended, close: () => abort.abort() }
}

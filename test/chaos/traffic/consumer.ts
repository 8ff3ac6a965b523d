/** A consumer of events that comes back with its last id whenever the stream ends or falls silent, and keeps everything it was given. */
import { setTimeout as delay } from 'node:timers/promises'

export type SeenEvent = {
  readonly instance: string
  readonly type: string
  readonly seq: number
  /** Of the message that it is about. */
  readonly message?: string
  /** When it came, on the monotonic clock. */
  readonly atMs: number
}

export type Consumer = {
  /** Journaled events in the order in which they came. */
  readonly seen: readonly SeenEvent[]
  /** When the event of a received message came, on the monotonic clock. */
  receivedAtMs(message: string): number | undefined
  /** Times that it came back. */
  resumed(): number
  stop(): Promise<void>
}

/** The stream has a heartbeat each two seconds. */
const SILENCE_MS = 6_000
const AGAIN_MS = 200

type Envelope = {
  instance: string
  type: string
  seq?: number
  data: { id?: string; message?: { id: string } }
}

/** Resolves when the first stream is open. */
export async function startConsumer(url: string, token: string): Promise<Consumer> {
  const seen: SeenEvent[] = []
  const received = new Map<string, number>()
  const stopping = new AbortController()
  const opened = Promise.withResolvers<void>()
  let lastId: string | undefined
  let connects = 0

  function take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1]
    const data = field('data')
    if (data !== undefined && field('event') !== 'end') note(JSON.parse(data))
    lastId = field('id') ?? lastId
  }

  function note({ instance, type, seq, data }: Envelope): void {
    if (seq === undefined) return
    const message = data.message?.id ?? data.id
    const atMs = performance.now()
    seen.push({ instance, type, seq, atMs, ...(message ? { message } : {}) })
    if (type === 'message.received' && message && !received.has(message)) received.set(message, atMs)
  }

  async function readOnce(): Promise<void> {
    const silence = new AbortController()
    const hear = () => {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
    }
    let timer: NodeJS.Timeout | undefined
    hear()
    try {
      const response = await fetch(`${url}/api/v1/events`, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'text/event-stream',
          ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
        },
        signal: AbortSignal.any([stopping.signal, silence.signal]),
      })
      if (!response.ok || !response.body) return
      connects += 1
      opened.resolve()
      let text = ''
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        hear()
        const blocks = (text + chunk).split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) take(block)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      await readOnce().catch(() => {})
      await delay(AGAIN_MS)
    }
  })()
  await opened.promise
  return {
    seen,
    receivedAtMs: (message) => received.get(message),
    resumed: () => connects - 1,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

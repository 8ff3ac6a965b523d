/**
 * Brings the images of received messages into the object store, behind the messages: the inbound path never waits for it. What is to be
 * done is in the session's state and outlives the process.
 */
import { createHash } from 'node:crypto'
import { type Address, canonicalJid, ERRORS, isWarrenError, type MediaInfo } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { Change, SessionState } from '../store/state.ts'
import type { ObjectStore } from './object-store.ts'

export type MediaRecord = {
  readonly id: string
  readonly chat: Address
  readonly media: MediaInfo
  /** The message of the image, as bytes. */
  readonly image: Uint8Array
  /** Milliseconds since 1970. */
  readonly since: number
}

export type InboundMedia = {
  /** Something may be there to do. */
  poke(): void
  stop(): void
}

const AT_A_TIME = 2
/** WhatsApp's links die within weeks; after this long nobody waits for the image. */
const MAX_AGE_MS = 3 * 24 * 3600_000
const FIRST_RETRY_MS = 5_000
const MAX_RETRY_MS = 10 * 60_000

/** The change that has an image fetched. */
export function mediaChange(record: Omit<MediaRecord, 'since'>, now: Date): Change {
  const value: MediaRecord = { ...record, since: now.getTime() }
  return { type: 'media', id: `${canonicalJid(record.chat)} ${record.id}`, value }
}

export function createInboundMedia(options: {
  state: SessionState
  objects: ObjectStore
  /** The address with the form that became known after the message. */
  complete: (address: Address) => Address
  /** Fetches and decrypts. */
  fetchImage: (image: Uint8Array) => Promise<Buffer>
  clock: Clock
  logger: Logger
}): InboundMedia {
  const { state, objects, complete, fetchImage, clock, logger } = options
  const working = new Set<string>()
  /** When the next attempt of a record is due, on the monotonic clock, and after which pause. */
  const paused = new Map<string, { untilMs: number; pauseMs: number }>()
  let timer: Timer | undefined
  let stopped = false

  function poke(): void {
    if (stopped) return
    const now = clock.monotonicMs()
    for (const [key, value] of state.all('media')) {
      if (working.size >= AT_A_TIME) return
      if (working.has(key) || (paused.get(key)?.untilMs ?? 0) > now) continue
      working.add(key)
      void work(key, value as MediaRecord).finally(() => {
        working.delete(key)
        poke()
      })
    }
    rest(now)
  }

  /** Comes back when the first pause is over. */
  function rest(now: number): void {
    timer?.stop()
    const next = Math.min(...[...paused.values()].map(({ untilMs }) => untilMs).filter((at) => at > now))
    if (Number.isFinite(next)) timer = clock.setTimer(next - now, poke)
  }

  async function work(key: string, record: MediaRecord): Promise<void> {
    const { id, chat, media, image } = record
    let bytes: Buffer | undefined
    try {
      bytes = await fetchImage(image)
      const stored = await objects.upload(id, media.mimetype, bytes)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      end(key, record, { ...media, size: bytes.length, sha256, key: stored })
      return
    } catch (error) {
      const tooOld = clock.now().getTime() - record.since > MAX_AGE_MS
      if (isWarrenError(error, 'media_unavailable') || tooOld) {
        logger.warn('an image is given up', { messageId: id, chat, error })
        return end(key, record, media, true)
      }
      const pauseMs = Math.min(MAX_RETRY_MS, (paused.get(key)?.pauseMs ?? FIRST_RETRY_MS / 2) * 2)
      paused.set(key, { untilMs: clock.monotonicMs() + pauseMs, pauseMs })
      logger.debug('an image is tried again', { messageId: id, error })
    }
  }

  function end(key: string, { id, chat }: MediaRecord, media: MediaInfo, failed = false): void {
    paused.delete(key)
    const code = 'media_unavailable'
    const error = failed ? { error: { code, message: ERRORS[code].title } as const } : {}
    state.apply(
      [{ type: 'media', id: key, value: undefined }],
      [{ type: 'message.media', at: clock.now(), data: { id, chat: complete(chat), media, ...error } }],
    )
  }

  return {
    poke,
    stop() {
      stopped = true
      timer?.stop()
    },
  }
}

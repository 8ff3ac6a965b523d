import type { EventEnvelope } from '@warren/contracts'

/** An event as clients get it. `seq` is absent for live events, which cannot be asked for again. */
export type PublicEvent = {
  readonly instance: string
  readonly epoch: number
  readonly type: string
  readonly seq?: number
  readonly envelope: object
  /** The envelope as JSON, made once for all clients. */
  readonly json: string
}

/** Object-store keys stay inside: tenants get signed URLs. */
export function presentEvent(envelope: EventEnvelope): PublicEvent {
  const shown = { ...envelope, data: withoutKeys(envelope) }
  const { instance, epoch, type, seq } = envelope
  return {
    instance,
    epoch,
    type,
    ...(seq === undefined ? {} : { seq }),
    envelope: shown,
    json: JSON.stringify(shown),
  }
}

function withoutKeys({ type, data }: EventEnvelope): object {
  if (type === 'message.media') return { ...data, media: withoutKey(data.media) }
  if (type !== 'message.received' && type !== 'message.history' && type !== 'message.outgoing') return data
  const { message } = data
  if (message.content.type !== 'image') return data
  const content = { ...message.content, media: withoutKey(message.content.media) }
  return { ...data, message: { ...message, content } }
}

function withoutKey<M extends { key?: string }>({ key: _, ...media }: M): Omit<M, 'key'> {
  return media
}

import type { MessageContent, Waiting } from '@warren/contracts'
import type { MessageDoc, MessageError } from './repo.ts'

/** Object-store keys stay inside: tenants get signed URLs. */
export function presentMessage(message: MessageDoc) {
  const { id, instance, chatAddress, senderAddress, fromMe, timestamp, pushName, content } = message
  const { status, statusAt, error, readAt, waiting, category } = message
  const isUnderWay = status === 'queued' || status === 'pending'
  return {
    id,
    instance,
    chat: chatAddress,
    ...(senderAddress && !fromMe ? { sender: senderAddress } : {}),
    fromMe,
    timestamp: timestamp.toISOString(),
    ...(pushName === undefined ? {} : { pushName }),
    ...presentContent(content, message),
    ...(status === undefined ? {} : { status }),
    ...(statusAt === undefined ? {} : { statusAt: statusAt.toISOString() }),
    ...(error ? { error: presentError(error) } : {}),
    ...(waiting && isUnderWay
      ? { waitingFor: { ...presentWaiting(waiting), since: waiting.since.toISOString() } }
      : {}),
    ...(category ? { category } : {}),
    ...(readAt === undefined ? {} : { readAt: readAt.toISOString() }),
  }
}

function presentError({ until, ...error }: MessageError) {
  return { ...error, ...(until ? { until: until.toISOString() } : {}) }
}

export function presentWaiting({ reason, position, expectedAt }: Waiting) {
  return { reason, position, ...(expectedAt ? { expectedAt: expectedAt.toISOString() } : {}) }
}

function presentContent(content: MessageContent, { stored, mediaError }: MessageDoc) {
  if (content.type !== 'image') return content
  const { key, ...shown } = { ...content.media, ...stored }
  return {
    type: 'image',
    image: {
      ...shown,
      ...(content.caption === undefined ? {} : { caption: content.caption }),
      available: key !== undefined,
      ...(mediaError ? { error: mediaError } : {}),
    },
  }
}

import type { MessageContent } from '@warren/contracts'
import type { MessageDoc } from './repo.ts'

/** Object-store keys stay inside: tenants get signed URLs. */
export function presentMessage(message: MessageDoc) {
  const { id, instance, chatAddress, senderAddress, fromMe, timestamp, pushName, content } = message
  const { status, statusAt, error, readAt } = message
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
    ...(error ? { error } : {}),
    ...(readAt === undefined ? {} : { readAt: readAt.toISOString() }),
  }
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

import { createHash } from 'node:crypto'
import { isWarrenError, WarrenError } from '@warren/contracts'
import type { ImageBuilder } from '../queue/build-message.ts'
import { imageProto } from '../whatsapp/outbound.ts'
import type { ObjectStore } from './object-store.ts'

/** Uploads to WhatsApp before a row is failed. */
const MAX_UPLOADS = 10

/** An image from the object store, uploaded to WhatsApp: its message is final before it is accepted, so a crash uploads it at most again. */
export function createImageBuilder(objects: ObjectStore, secret: () => Uint8Array): ImageBuilder {
  const failures = new Map<string, number>()
  return async ({ mediaKey, mimetype, caption }, { messageId }, messenger) => {
    const bytes = await objects.download(mediaKey)
    const about = { mimetype, ...(caption ? { caption } : {}) }
    const image = await messenger.uploadImage(bytes, about).catch((cause: unknown) => {
      // A lost connection says nothing about the image. The sender pauses longer and longer between attempts.
      if (isWarrenError(cause, 'not_connected')) throw cause
      const count = (failures.get(messageId) ?? 0) + 1
      failures.set(messageId, count)
      if (count < MAX_UPLOADS) throw cause
      throw new WarrenError('media_rejected', undefined, { cause })
    })
    failures.delete(messageId)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return {
      proto: imageProto(image, secret()),
      content: {
        type: 'image',
        ...(caption ? { caption } : {}),
        media: { mimetype, size: bytes.length, sha256, key: mediaKey },
      },
    }
  }
}

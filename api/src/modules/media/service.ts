import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Ids } from '@warren/runtime/ids'
import type { ObjectStore } from '@warren/runtime/object-store'
import type { Principal } from '../../http/index.ts'
import type { MessageService, UploadedMedia } from '../messages/index.ts'
import { isImage, MAX_IMAGE_BYTES, measure, sniffImage } from './inspect.ts'
import type { MediaDoc, MediaRepo } from './repo.ts'

export type MediaService = {
  /**
   * Stores a file while it arrives; it is never held in memory.
   * @throws WarrenError `unsupported_media_type`, `payload_too_large`
   */
  upload(principal: Principal, file: { stream: Readable; filename?: string }): Promise<MediaDoc>
  get(organization: string, id: string): Promise<MediaDoc>
  /** A URL that shows the bytes for a while. */
  contentUrl(organization: string, id: string): Promise<string>
  /** The same for the media of a message. @throws WarrenError `media_unavailable` */
  messageMediaUrl(organization: string, instance: string, message: string): Promise<string>
  remove(organization: string, id: string): Promise<void>
  readonly forSending: UploadedMedia
}

export function createMediaService(deps: {
  repo: MediaRepo
  store: ObjectStore
  messages: () => Pick<MessageService, 'get'>
  urlSeconds: number
  clock: Clock
  ids: Ids
}): MediaService {
  const { repo, store, messages, urlSeconds, clock, ids } = deps

  async function get(organization: string, id: string): Promise<MediaDoc> {
    const media = await repo.get(organization, id)
    if (!media) throw new WarrenError('not_found')
    return media
  }

  const urlOf = (key: string, contentType: string) =>
    store.presignGet(key, { expiresSeconds: urlSeconds, contentType })

  return {
    get,
    async upload(principal, { stream: file, filename }) {
      const { mimetype, stream } = await sniffImage(file)
      const id = ids.newId('media')
      const key = `uploads/${principal.organization}/${id}`
      const { through, result } = measure(MAX_IMAGE_BYTES)
      await Promise.all([pipeline(stream, through), store.put(key, through, { contentType: mimetype })])
      const media: MediaDoc = {
        _id: id,
        organization: principal.organization,
        key,
        mimetype,
        ...result(),
        ...(filename === undefined ? {} : { filename }),
        createdBy: principal.id,
        createdAt: clock.now(),
      }
      await repo.insert(media)
      return media
    },
    async contentUrl(organization, id) {
      const { key, mimetype } = await get(organization, id)
      return urlOf(key, mimetype)
    },
    async messageMediaUrl(organization, instance, id) {
      const { content, stored } = await messages().get(organization, instance, id)
      const media = content.type === 'image' ? { ...content.media, ...stored } : undefined
      if (!media?.key) throw new WarrenError('media_unavailable')
      if (isImage(media.mimetype)) return urlOf(media.key, media.mimetype)
      // The sender chose the type: a browser must not run a page of theirs under our name.
      return store.presignGet(media.key, {
        expiresSeconds: urlSeconds,
        contentType: 'application/octet-stream',
        filename: id,
      })
    },
    async remove(organization, id) {
      const { key } = await get(organization, id)
      // The row last: when the process dies in between, a repetition finds it and goes on.
      await store.delete(key)
      await repo.remove(organization, id)
    },
    async forSending(organization, id) {
      const media = await repo.get(organization, id)
      if (!media) throw new WarrenError('media_unavailable', `There is no media ${id}.`)
      return media
    },
  }
}

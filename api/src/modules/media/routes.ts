import { type BoundRoute, bind } from '../../http/index.ts'
import { deleteMedia, getMedia, getMediaContent, getMessageMedia, uploadMedia } from './contract.ts'
import { withUploadedFile } from './multipart.ts'
import { presentMedia } from './present.ts'
import type { MediaService } from './service.ts'

export function mediaRoutes(media: MediaService): BoundRoute[] {
  return [
    bind(uploadMedia, async ({ principal, req }) =>
      presentMedia(
        await withUploadedFile(
          req,
          (file) => media.upload(principal, file),
          ({ organization, _id }) => media.remove(organization, _id),
        ),
      ),
    ),
    bind(getMedia, async ({ principal, params }) =>
      presentMedia(await media.get(principal.organization, params.media)),
    ),
    bind(getMediaContent, async ({ principal, params, res }) =>
      res.redirect(302, await media.contentUrl(principal.organization, params.media)),
    ),
    bind(deleteMedia, ({ principal, params }) => media.remove(principal.organization, params.media)),
    bind(getMessageMedia, async ({ principal, params, res }) =>
      res.redirect(302, await media.messageMediaUrl(principal.organization, params.instance, params.message)),
    ),
  ]
}

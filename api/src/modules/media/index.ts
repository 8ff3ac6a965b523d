/** Media: uploads of tenants, and signed URLs for tenants and session pods. */
import type { ApiModule } from '../../http/index.ts'
import { mediaRoutes } from './routes.ts'
import type { MediaService } from './service.ts'

export { createMediaRepo } from './repo.ts'
export { createMediaService, type MediaService } from './service.ts'
export { createMediaSigner, type MediaSigner } from './signer.ts'

export function createMediaModule(media: MediaService): ApiModule {
  return { name: 'media', routes: mediaRoutes(media) }
}

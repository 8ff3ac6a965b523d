/** API keys: for programs what a sign-in is for people. */
import type { ApiModule } from '../../http/index.ts'
import { keyRoutes, type RequireInstance } from './routes.ts'
import type { KeyService } from './service.ts'

export { createKeyRepo } from './repo.ts'
export { createKeyService, KEY_PREFIX, type KeyService } from './service.ts'

export function createKeysModule(keys: KeyService, requireInstance: RequireInstance): ApiModule {
  return { name: 'keys', routes: keyRoutes(keys, requireInstance) }
}

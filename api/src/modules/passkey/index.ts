/** The passkey step of linking: the challenge out, the assertion in, and a page for the person who has the passkey. */
import type { ApiModule } from '../../http/index.ts'
import { passkeyRoutes } from './routes.ts'
import type { PasskeyService } from './service.ts'

export { helperPageRouter } from './helper-page.ts'
export { createHelperTokens } from './helper-tokens.ts'
export { createPasskeyService } from './service.ts'

export function createPasskeyModule(passkey: PasskeyService): ApiModule {
  return { name: 'passkey', routes: passkeyRoutes(passkey) }
}

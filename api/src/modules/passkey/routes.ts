import type { Response } from 'express'
import { type BoundRoute, bind, bindPublic } from '../../http/index.ts'
import {
  assertPasskey,
  assertWithHelper,
  confirmPasskey,
  createPasskeyHelper,
  getHelperStep,
  getPasskey,
} from './contract.ts'
import { HELPER_PAGE } from './helper-page.ts'
import { presentStep } from './present.ts'
import type { PasskeyService } from './service.ts'

const unstored = (res: Response) => res.set('Cache-Control', 'no-store')

export function passkeyRoutes(passkey: PasskeyService): BoundRoute[] {
  return [
    bind(getPasskey, async ({ principal, params, res }) => {
      unstored(res)
      return presentStep(await passkey.step(principal.organization, params.instance))
    }),
    bind(assertPasskey, async ({ principal, params, body }) =>
      presentStep(await passkey.assert(principal.organization, params.instance, body.id, body.assertion)),
    ),
    bind(confirmPasskey, async ({ principal, params, body }) =>
      presentStep(await passkey.confirm(principal.organization, params.instance, body.id)),
    ),
    bind(createPasskeyHelper, async ({ principal, params, req, res }) => {
      unstored(res)
      const { token, expiresAt } = await passkey.helper(principal.organization, params.instance)
      // A fragment stays in the browser: the token is in no log of a server or proxy.
      const url = `${req.protocol}://${req.get('host')}${HELPER_PAGE}#${token}`
      return { token, url, expiresAt: expiresAt.toISOString() }
    }),
    bindPublic(getHelperStep, async ({ req, res }) => {
      unstored(res)
      return presentStep(await passkey.helperStep(req.headers.authorization))
    }),
    bindPublic(assertWithHelper, async ({ req, body }) =>
      presentStep(await passkey.helperAssert(req.headers.authorization, body.assertion)),
    ),
  ]
}

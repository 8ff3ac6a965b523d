import { WarrenError } from '@warren/contracts'
import type { CommandContext, Handler } from './context.ts'

/** The passkey step under way. @throws WarrenError `already_paired`, `passkey_expired`, `passkey_refused`, `passkey_not_asked` */
function current({ session, passkey }: CommandContext) {
  if (session.account()) throw new WarrenError('already_paired')
  const found = passkey()
  if (!found) throw new WarrenError('passkey_not_asked', session.status().message)
  return found
}

export const assertPasskey: Handler<'pairing.passkey.assert'> = async ({ id, assertion }, context) => ({
  passkey: await current(context).assert(id, assertion),
})

export const confirmPasskey: Handler<'pairing.passkey.confirm'> = async ({ id }, context) => ({
  passkey: await current(context).confirm(id),
})

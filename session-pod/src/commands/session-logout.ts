import { WarrenError } from '@warren/contracts'
import { connected, type Handler } from './context.ts'

export const logout: Handler<'session.logout'> = async (_request, context) => {
  const { session, committer } = context
  const account = session.account()
  if (!account) {
    if (session.status().phase === 'loggedOut') return { status: session.status() }
    throw new WarrenError('not_paired')
  }
  await connected(context).unlink(account)
  session.dispatch({ type: 'loggedOut', by: 'request' })
  await committer.flush()
  return { status: session.status() }
}

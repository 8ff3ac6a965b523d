import type { Handler } from './context.ts'

export const disconnect: Handler<'session.disconnect'> = async (_request, { session, committer }) => {
  session.dispatch({ type: 'disconnectRequested' })
  // Answered when it would survive a crash.
  await committer.flush()
  return { status: session.status() }
}

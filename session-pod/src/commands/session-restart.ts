import type { Handler } from './context.ts'

export const restart: Handler<'session.restart'> = (_request, { session }) => {
  session.dispatch({ type: 'restartRequested' })
  return { status: session.status() }
}

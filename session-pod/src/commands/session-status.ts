import type { Handler } from './context.ts'

export const status: Handler<'session.status'> = (_request, { session }) => ({ status: session.status() })

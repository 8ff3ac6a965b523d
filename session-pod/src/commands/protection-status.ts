import type { Handler } from './context.ts'

export const protectionStatus: Handler<'protection.status'> = (_request, { protection }) =>
  protection.report()

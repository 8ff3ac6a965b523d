import type { Handler } from './context.ts'

const DEFAULT_LIMIT = 100

export const listQueue: Handler<'queue.list'> = ({ messageIds, limit = DEFAULT_LIMIT }, { protection }) => {
  const all = protection.gate.waiting()
  const wanted = messageIds ? all.filter(({ id }) => messageIds.includes(id)) : all
  return { items: wanted.slice(0, limit), total: all.length }
}

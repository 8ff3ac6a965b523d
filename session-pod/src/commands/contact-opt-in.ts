import type { Handler } from './context.ts'

export const optIn: Handler<'contact.optIn'> = async ({ chat }, { protection, addresses, committer }) => {
  protection.optIn(addresses.complete(chat))
  await committer.flush()
  return {}
}

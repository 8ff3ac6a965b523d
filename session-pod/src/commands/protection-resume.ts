import type { Handler } from './context.ts'

/** Whoever resumes is told of it once it is durable. */
export const resumeSending: Handler<'protection.resume'> = async (_request, { protection, committer }) => {
  protection.resume()
  await committer.flush()
  return protection.report()
}

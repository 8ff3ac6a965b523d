/** The open streams of one process, by caller: how many there may be, and how they end when their caller does. */
import { type ErrorCode, WarrenError } from '@warren/contracts'
import type { Principal } from '../../http/index.ts'

export type StreamClients = {
  /**
   * Counts a stream until the result is called.
   * @param end tells the client why its stream ends, and ends it
   * @throws WarrenError `rate_limited` when the caller or its organisation has too many
   */
  add(principal: Principal, end: (code: ErrorCode) => void): () => void
  /** Ends the streams of a caller whose sign-in or key has ended. */
  end(caller: string): void
}

const RETRY_AFTER_SECONDS = 30

/** The name of a caller whose sign-in or key can end. */
export function callerOf(principal: Principal): string {
  return principal.kind === 'key' ? `key:${principal.id}` : `login:${principal.login}`
}

/** Whether an error means that the caller may not listen any more, and not that it could not be found out just now. */
export function endsStream(code: ErrorCode): boolean {
  return (['unauthenticated', 'token_expired', 'forbidden', 'not_found'] as ErrorCode[]).includes(code)
}

export function createStreamClients(limits: { perCaller: number; perOrganization: number }): StreamClients {
  const callers = new Map<string, Set<(code: ErrorCode) => void>>()
  const organizations = new Map<string, number>()

  return {
    add(principal, end) {
      const { organization } = principal
      const caller = callerOf(principal)
      const streams = callers.get(caller) ?? new Set()
      const count = organizations.get(organization) ?? 0
      if (streams.size >= limits.perCaller) throw tooMany('caller', limits.perCaller)
      if (count >= limits.perOrganization) throw tooMany('organisation', limits.perOrganization)
      const entry = (code: ErrorCode) => end(code)
      callers.set(caller, streams.add(entry))
      organizations.set(organization, count + 1)
      return () => {
        if (!streams.delete(entry)) return
        if (streams.size === 0) callers.delete(caller)
        const left = (organizations.get(organization) ?? 1) - 1
        if (left > 0) organizations.set(organization, left)
        else organizations.delete(organization)
      }
    },
    end(caller) {
      for (const end of [...(callers.get(caller) ?? [])]) end('unauthenticated')
    },
  }
}

function tooMany(whose: string, limit: number): WarrenError {
  return new WarrenError('rate_limited', `The ${whose} has ${limit} open streams, as many as are allowed.`, {
    details: { retryAfterSeconds: RETRY_AFTER_SECONDS },
  })
}

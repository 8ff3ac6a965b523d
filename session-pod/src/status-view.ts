import type { SessionStatus } from '@warren/contracts'

type Added = Pick<SessionStatus, 'protection' | 'seals'>

/**
 * The status of the session together with what others tell of it.
 * @returns the same object as long as all parts are the same, so that whoever compares sees no change where there is none
 */
export function createStatusView(
  session: () => SessionStatus,
  added: { readonly [K in keyof Added]-?: () => Added[K] },
): () => SessionStatus {
  let last: { parts: readonly unknown[]; status: SessionStatus } | undefined
  return () => {
    const [own, protection, seals] = [session(), added.protection(), added.seals()]
    const parts = [own, protection, seals]
    if (last && parts.every((part, index) => part === last?.parts[index])) return last.status
    const status = { ...own, ...(protection ? { protection } : {}), ...(seals ? { seals } : {}) }
    last = { parts, status }
    return status
  }
}

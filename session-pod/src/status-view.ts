import type { SessionStatus } from '@warren/contracts'

type Added = Pick<SessionStatus, 'protection' | 'seals' | 'trouble' | 'phoneAway'>
/** What others add to the status of the session. Each gives the same object until it changes. */
export type StatusParts = { readonly [K in keyof Added]-?: () => Added[K] }

/**
 * The status of the session together with what others tell of it.
 * @returns the same object as long as all parts are the same, so that whoever compares sees no change where there is none
 */
export function createStatusView(session: () => SessionStatus, added: StatusParts): () => SessionStatus {
  let last: { parts: readonly unknown[]; status: SessionStatus } | undefined
  return () => {
    const [own, protection, seals] = [session(), added.protection(), added.seals()]
    const [trouble, phoneAway] = [added.trouble(), added.phoneAway()]
    const parts = [own, protection, seals, trouble, phoneAway]
    if (last && parts.every((part, index) => part === last?.parts[index])) return last.status
    const status = {
      ...own,
      ...(protection ? { protection } : {}),
      ...(seals ? { seals } : {}),
      ...(trouble ? { trouble } : {}),
      ...(phoneAway ? { phoneAway } : {}),
    }
    last = { parts, status }
    return status
  }
}

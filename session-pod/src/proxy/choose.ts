/** Which proxy to use: pure. The one that worked last stays, as WhatsApp dislikes accounts that move; a failed one rests, longer each time. */

export type ProxyHealth = { readonly failures: number; readonly restsUntilMs: number }
/** By the whole URL: the same host with other credentials is another proxy. */
export type Healths = ReadonlyMap<string, ProxyHealth>

const FIRST_REST_MS = 10_000
const MAX_REST_MS = 10 * 60_000

/**
 * All of them, in the order to try: the present one, then those that do not rest, then those whose rest ends first. A resting one is
 * tried too when nothing else is left: never to connect is worse than to try again.
 */
export function inOrder<P extends { readonly url: URL }>(
  proxies: readonly P[],
  healths: Healths,
  nowMs: number,
  current: string | undefined,
): P[] {
  const restOf = ({ url }: P) => Math.max(0, (healths.get(url.href)?.restsUntilMs ?? 0) - nowMs)
  const rank = (proxy: P) => (restOf(proxy) > 0 ? 2 : proxy.url.href === current ? 0 : 1)
  return [...proxies].sort((a, b) => rank(a) - rank(b) || restOf(a) - restOf(b))
}

export function afterFailure(health: ProxyHealth | undefined, nowMs: number): ProxyHealth {
  const failures = (health?.failures ?? 0) + 1
  return { failures, restsUntilMs: nowMs + Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** (failures - 1)) }
}

/** The way to WhatsApp of a session that must not go directly: a proxy that was just seen to work, another one when it fails, or none. */
import { WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { createAgents, type ProxyAgents, probe } from './agents.ts'
import { afterFailure, inOrder, type ProxyHealth } from './choose.ts'
import { type ProxyUrl, readProxies } from './proxy-url.ts'

/** A way through a proxy. */
export type Route = ProxyAgents & {
  /** `host:port` of the proxy. */
  readonly address: string
  /** The connection over it ended before WhatsApp was heard. */
  failed(): void
}

export type Proxies = {
  /**
   * A way that works now. Looks at the list anew, so that a changed one counts from the next connection on.
   * @throws WarrenError `proxy_unavailable`, saying what each proxy said
   */
  route(): Promise<Route>
  /** The way of the present or last connection. @throws WarrenError `proxy_unavailable` before the first */
  current(): Route
  up(): boolean
}

export type ProxiesOptions = {
  /** The list as it is now: URLs, one a line. */
  readonly load: () => Promise<string>
  /** Whom to reach. */
  readonly target: URL
  readonly allowPrivate: boolean
  readonly clock: Clock
  readonly logger: Logger
  readonly onFailover: () => void
}

export function createProxies(options: ProxiesOptions): Proxies {
  const { load, target, allowPrivate, clock, logger } = options
  const healths = new Map<string, ProxyHealth>()
  let current: { href: string; route: Route } | undefined
  let up = false

  function failed(href: string): void {
    healths.set(href, afterFailure(healths.get(href), clock.monotonicMs()))
    up = false
  }

  async function attempt(proxy: ProxyUrl): Promise<Route> {
    const { href } = proxy.url
    const agents = await createAgents(proxy, allowPrivate)
    await probe(agents, target)
    return { ...agents, address: proxy.address, failed: () => failed(href) }
  }

  return {
    async route() {
      const proxies = readProxies(await load())
      const said: string[] = []
      for (const proxy of inOrder(proxies, healths, clock.monotonicMs(), current?.href)) {
        const { href } = proxy.url
        try {
          const route = await attempt(proxy)
          if (current && current.href !== href) options.onFailover()
          current = { href, route }
          up = true
          return route
        } catch (error) {
          failed(href)
          said.push(`${proxy.address}: ${(error as Error).message}`)
          logger.warn('a proxy does not work', { proxy: proxy.address, reason: (error as Error).message })
        }
      }
      throw new WarrenError('proxy_unavailable', `No proxy works. ${said.join('; ')}`.slice(0, 500))
    },
    current() {
      if (!current) throw new WarrenError('proxy_unavailable')
      return current.route
    },
    up: () => up,
  }
}

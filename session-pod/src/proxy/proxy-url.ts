/** Proxies as people write them: URLs, one a line. */
import { WarrenError } from '@warren/contracts'

export type ProxyUrl = {
  /** The whole URL, with the password: never logged. */
  readonly url: URL
  /** `host:port`, for logs, status and people. */
  readonly address: string
}

const PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'socks5:': 1080,
  'socks5h:': 1080,
}
/** More than a person can look after. */
const MAX = 200

/**
 * Reads a list; empty lines and lines that begin with `#` do not count.
 * @throws WarrenError `proxy_unavailable`, naming the line and nothing that stands in it
 */
export function readProxies(text: string): ProxyUrl[] {
  const lines = text.split('\n').map((line) => line.trim())
  const proxies = lines.flatMap((line, index) => {
    if (!line || line.startsWith('#')) return []
    const proxy = readProxy(line)
    if (!proxy)
      throw new WarrenError('proxy_unavailable', `line ${index + 1} of the proxies is no URL of a proxy`)
    return [proxy]
  })
  if (proxies.length === 0) throw new WarrenError('proxy_unavailable', 'the list of proxies is empty')
  return proxies.slice(0, MAX)
}

function readProxy(text: string): ProxyUrl | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const port = PORTS[url.protocol]
  if (port === undefined || !url.hostname) return undefined
  return { url, address: `${url.hostname}:${url.port || port}` }
}

/** What makes connections through one proxy. The libraries are loaded when the first proxy is used: most sessions have none. */
import type { Agent } from 'node:http'
import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isPrivate, publicLookup } from './private-address.ts'
import type { ProxyUrl } from './proxy-url.ts'

export type ProxyAgents = {
  /** For a place, by whether it is reached over TLS. */
  readonly to: (place: URL) => Agent
  /** For TLS. */
  readonly secure: Agent
}

const isSecure = ({ protocol }: URL) => protocol === 'https:' || protocol === 'wss:'

const CONNECT_MS = 15_000

/** @throws Error when the address is private and must not be */
export async function createAgents({ url }: ProxyUrl, allowPrivate: boolean): Promise<ProxyAgents> {
  if (!allowPrivate && isPrivate(url.hostname)) throw new Error('the proxy has a private address')
  const make = await maker(url, allowPrivate ? {} : { lookup: publicLookup })
  const [secure, plain] = [make(true), make(false)]
  return { secure, to: (place) => (isSecure(place) ? secure : plain) }
}

async function maker(url: URL, net: { lookup?: typeof publicLookup }): Promise<(secure: boolean) => Agent> {
  // The libraries look at a stack trace to learn whether TLS is wanted; this process keeps none.
  const told = <A extends Agent & { isSecureEndpoint(): boolean }>(agent: A, secure: boolean): A =>
    Object.assign(agent, { isSecureEndpoint: () => secure })
  if (url.protocol === 'http:' || url.protocol === 'https:') {
    const { HttpsProxyAgent } = await import('https-proxy-agent')
    return (secure) => told(new HttpsProxyAgent(url, { ...net, keepAlive: false }), secure)
  }
  const { SocksProxyAgent } = await import('socks-proxy-agent')
  // Names are looked up behind the proxy: a look-up here would tell the local network whom we talk to.
  const remote = new URL(url.href.replace(/^socks5:/, 'socks5h:'))
  return (secure) =>
    told(new SocksProxyAgent(remote, { timeout: CONNECT_MS, socketOptions: net as never }), secure)
}

/**
 * Whether something answers through the proxy. What it answers is no matter.
 * @throws Error in words that hold no credentials
 */
export function probe({ to }: ProxyAgents, target: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const agent = to(target)
    const { hostname: host, port } = target
    const options = { host, method: 'HEAD', path: '/', agent, timeout: CONNECT_MS, ...(port ? { port } : {}) }
    const asking = (isSecure(target) ? secureRequest : plainRequest)(options)
    let refused: number | undefined
    // A proxy's refusal of CONNECT would look like an answer of the target.
    asking.on('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode !== 200) refused = statusCode
    })
    asking.on('response', (response) => {
      response.destroy()
      if (refused === undefined) resolve()
      else reject(new Error(`the proxy answers ${refused}`))
    })
    asking.on('timeout', () => asking.destroy(new Error('the proxy does not answer in time')))
    asking.on('error', (error) => reject(new Error(error.message)))
    asking.end()
  })
}

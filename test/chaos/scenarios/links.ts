/** Connections of one session that are cut, held, slowed, or fall silent. */
import { setTimeout as delay } from 'node:timers/promises'
import type { TcpProxy } from '../stack/proxy.ts'
import type { Session } from '../stack/session.ts'
import { onSession, seconds } from './scenario.ts'

/** Of outages, so that they are noticed. */
const SHORTEST_MS = 500

type Name = keyof Session['proxies']

/** Something happens to new and old connections for a while. */
const during = (name: string, which: Name, mode: 'refuse' | 'hold') =>
  onSession(name, async ({ longestOutageMs }, { proxies }, random) => {
    const ms = random.int(SHORTEST_MS, longestOutageMs)
    proxies[which].set({ kind: mode })
    await delay(ms)
    proxies[which].set({ kind: 'pass' })
    return `for ${seconds(ms)}`
  })

/** Every open connection is dealt with; new ones are as ever. */
const at = (name: string, which: Name, what: 'cut' | 'forget') =>
  onSession(name, async (_stack, { proxies }) => {
    const proxy: TcpProxy = proxies[which]
    proxy[what]()
    return what === 'cut' ? 'reset' : 'silent for good, without a reset'
  })

export const LINK_SCENARIOS = [
  at('whatsapp-cut', 'whatsapp', 'cut'),
  at('whatsapp-half-open', 'whatsapp', 'forget'),
  during('whatsapp-refused', 'whatsapp', 'refuse'),
  during('whatsapp-held', 'whatsapp', 'hold'),
  onSession('whatsapp-slow', async (stack, { proxies }, random) => {
    const ms = random.int(200, 1_500)
    proxies.whatsapp.set({ kind: 'slow', ms })
    await delay(random.int(SHORTEST_MS, stack.longestOutageMs))
    proxies.whatsapp.set({ kind: 'pass' })
    return `${ms} ms each way`
  }),
  at('mongo-cut-off', 'mongo', 'cut'),
  at('mongo-half-open', 'mongo', 'forget'),
  onSession('mongo-away-from-session', async (stack, { proxies }, random) => {
    const ms = random.int(500, stack.leaseMs * 1.5)
    const kind = random.pick(['refuse', 'hold'] as const)
    proxies.mongo.set({ kind })
    await delay(ms)
    proxies.mongo.set({ kind: 'pass' })
    return `${kind === 'hold' ? 'held' : 'refused'} for ${seconds(ms)}, with WhatsApp open`
  }),
  during('redis-away-from-session', 'redis', 'refuse'),
  at('redis-half-open', 'redis', 'forget'),
]

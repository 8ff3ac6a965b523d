/**
 * The session's control listener: for a person with `kubectl port-forward`, which is to say for whom Kubernetes RBAC lets through
 * `pods/portforward` or `pods/exec`. It is bound to the loopback interface of the pod, where nobody else can reach it, and therefore
 * knows no password.
 *
 * At rest it is a listening socket and nothing more: what answers is loaded with the first request.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { ControlTarget } from './target.ts'

export type ControlServer = {
  /** Does not fail when the port is taken: a session that cannot be asked still receives and sends. */
  start(): Promise<void>
  stop(): Promise<void>
  /** 0 when it does not listen. */
  port(): number
}

/** Nobody needs more than a few terminals on one session. */
const MAX_CONNECTIONS = 16
const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

/**
 * @param options.port 0 takes any free port
 * @param options.host an address of the loopback interface
 * @param options.target undefined while no session is held
 * @throws RangeError for any other interface than loopback
 */
export function createControlServer(options: {
  readonly port: number
  readonly host: string
  readonly target: () => ControlTarget | undefined
  readonly clock: Clock
  readonly logger: Logger
}): ControlServer {
  const { port, host, target, clock, logger } = options
  if (!LOOPBACK.includes(host))
    throw new RangeError(
      `the control listener has no password and is for the loopback interface, not ${host}`,
    )
  let server: Server | undefined

  return {
    async start() {
      const starting = createServer((request, response) => {
        void import('./handle.ts').then(({ handle }) => handle(request, response, { target, clock }))
      })
      starting.maxConnections = MAX_CONNECTIONS
      starting.listen(port, host)
      try {
        await once(starting, 'listening')
        server = starting
      } catch (error) {
        logger.warn('no control listener: kubectl wa cannot reach this session', { error, port })
      }
    },
    async stop() {
      const closing = server
      server = undefined
      if (!closing) return
      closing.close()
      closing.closeAllConnections()
      await once(closing, 'close')
    },
    port: () => (server?.address() as AddressInfo | null)?.port ?? 0,
  }
}

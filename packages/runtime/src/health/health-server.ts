import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock/index.ts'
import { type HealthCheck, runChecks } from './checks.ts'

/** What of a prom-client registry is needed; a type of our own keeps the library out of small processes. */
export type MetricsSource = { contentType: string; metrics(): Promise<string> }

export type HealthServerOptions = {
  /** 0 takes any free port. */
  port: number
  /** The interface to listen on; all of them unless told. */
  host?: string
  version: string
  clock: Clock
  /** What must work for requests to be sent here: `/readyz`. */
  readiness?: readonly HealthCheck[]
  /** What only a restart can mend: `/livez`. Never the state of another service. */
  liveness?: readonly HealthCheck[]
  /** Served at `/metrics`, which is 404 without. */
  metrics?: MetricsSource
}

export type HealthServer = {
  start(): Promise<void>
  stop(): Promise<void>
  /** Valid between start and stop. */
  port(): number
  /** From now on `/readyz` fails, so that no new work comes while the process ends. */
  drain(): void
}

/**
 * A server for probes and metrics, on a port of its own that is not published. For processes that serve nothing else; an
 * application with a web server mounts `createHealthHandler` there.
 */
export function createHealthServer(options: HealthServerOptions): HealthServer {
  const { handle, drain } = createHealthHandler(options)
  let server: Server | undefined

  return {
    async start() {
      server = createServer((request, response) => void handle(request, response))
      server.listen(options.port, options.host)
      await once(server, 'listening')
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
    drain,
  }
}

/** Answers `/livez`, `/readyz` and `/metrics` and says whether it did; never rejects. */
export function createHealthHandler(options: Omit<HealthServerOptions, 'port' | 'host'>): {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  drain(): void
} {
  let draining = false

  async function answer(path: string): Promise<[status: number, type: string, body: string]> {
    if (path === '/metrics' && options.metrics)
      return [200, options.metrics.contentType, await options.metrics.metrics()]
    if (path !== '/livez' && path !== '/readyz') return [404, 'text/plain', 'not found\n']
    const checks = path === '/livez' ? options.liveness : options.readiness
    const report = await runChecks(checks ?? [], options)
    if (draining && path === '/readyz') report.status = 'failed'
    return [report.status === 'failed' ? 503 : 200, 'application/json', JSON.stringify(report)]
  }

  return {
    async handle(request, response) {
      const path = (request.url ?? '/').split('?')[0] ?? '/'
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { allow: 'GET, HEAD' }).end()
        return
      }
      const [status, type, body] = await answer(path).catch((error): [number, string, string] => [
        500,
        'text/plain',
        `${error}\n`,
      ])
      response.writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    },
    drain() {
      draining = true
    },
  }
}

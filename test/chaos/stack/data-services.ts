/** MongoDB and Redis of the run's own, to be killed, frozen and started again at the same address. */
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { type EmbeddedService, startMongo, startRedis } from '@warren/runtime/embedded'
import { freePort, until } from '@warren/runtime/testing'
import { processWith, signal } from './processes.ts'

export type DataService = {
  readonly uri: string
  readonly origin: string
  readonly address: { readonly host: string; readonly port: number }
  /** Whether it is ours, so that it may be killed. */
  readonly ours: boolean
  kill(): Promise<void>
  /** Starts it after a kill, with the data that it had. */
  restart(): Promise<void>
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

type Start = (options: {
  dataDir: string
  env: Record<string, string | undefined>
  port?: number
}) => Promise<EmbeddedService>

async function startService(
  start: Start,
  dataDir: string,
  env: Record<string, string | undefined>,
): Promise<DataService> {
  const port = await freePort()
  let service = await start({ dataDir, env, port })
  const address = addressOf(service.uri)
  const ours = address.port === port
  const pid = () => processWith(`=${port}\0`) ?? processWith(`:${port}`) ?? processWith(dataDir)
  return {
    uri: service.uri,
    origin: service.origin,
    address,
    ours,
    async kill() {
      const victim = pid()
      if (!ours || !signal(victim, 'SIGKILL')) throw new Error(`${service.origin} could not be killed`)
      await until(() => pid() !== victim, { timeoutMs: 10_000, describe: `${service.origin} to be gone` })
    },
    async restart() {
      service = await start({ dataDir, env, port })
    },
    freeze: () => void signal(pid(), 'SIGSTOP'),
    thaw: () => void signal(pid(), 'SIGCONT'),
    async stop() {
      if (ours) signal(pid(), 'SIGCONT')
      await service.stop()
    },
  }
}

/** A given `MONGODB_URI` is used, and then is not killed. */
export const startMongoService = (folder: string, env: Record<string, string | undefined>) =>
  startService(startMongo, join(folder, 'mongo'), env)

export const startRedisService = (folder: string, env: Record<string, string | undefined>) =>
  startService(startRedis, join(folder, 'redis'), { ...env, REDIS_URL: undefined })

function addressOf(uri: string): { host: string; port: number } {
  const { hostname, port } = new URL(uri)
  return { host: hostname, port: Number(port || 27_017) }
}

/** The same service behind a proxy. */
export function throughProxy(uri: string, port: number): string {
  const url = new URL(uri)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  // Or the driver would go to the address that the server names as its own.
  if (url.protocol === 'mongodb:') url.searchParams.set('directConnection', 'true')
  return url.toString()
}

/** Removes every key. */
export async function flushRedis(uri: string): Promise<void> {
  const { hostname, port, password } = new URL(uri)
  const socket = createConnection({ host: hostname, port: Number(port) })
  socket.write(`${password ? `AUTH ${password}\r\n` : ''}FLUSHALL\r\nQUIT\r\n`)
  await new Promise<void>((done, failed) => {
    socket.once('error', failed)
    socket.once('close', () => done())
    socket.resume()
  })
}

/** The whole product as separate processes, with a proxy of the test's in every connection that can fail. */
import type { LogDoc } from '@warren/contracts'
import type { SessionReader } from '@warren/runtime/session-store'
import type { SimulatorOperations } from '@warren/simulator'
import { type ApiTier, startApiTier } from './api-tier.ts'
import type { DataService } from './data-services.ts'
import { type Foundation, startFoundation } from './foundation.ts'
import type { WriteErrors } from './mongo-errors.ts'
import type { TcpProxy } from './proxy.ts'
import { manifestsOf, type SessionTier, startSessionTier } from './session-tier.ts'

export type StackOptions = {
  /** For everything: data, logs, resources. */
  readonly folder: string
  readonly sessions: number
  /** Of each session. */
  readonly contacts: number
  readonly leaseSeconds: number
  readonly longestOutageMs: number
  readonly env: Readonly<Record<string, string | undefined>>
}

export type Stack = ApiTier &
  SessionTier & {
    readonly simulator: SimulatorOperations
    readonly mongo: DataService
    readonly redis: DataService
    /** All connections to MongoDB but the operator's and the test's own. */
    readonly mongoProxies: readonly TcpProxy[]
    readonly writeErrors: WriteErrors
    readonly leaseMs: number
    /** Of outages whose length is chosen. */
    readonly longestOutageMs: number
    readonly reader: SessionReader
    /** The commits of all sessions that are in their logs now, for the history checker. */
    log(): Promise<LogEntry[]>
    /** What serves MongoDB and Redis, for the report. */
    readonly origins: string
    stop(): Promise<void>
  }

export type LogEntry = Pick<LogDoc, '_id' | 'epoch' | 'holder' | 'takeover' | 'seq'>

/** Starts everything and waits until the API and the operator are ready; no account is linked yet. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const on = await startFoundation(options.folder, options.env)
  try {
    const manifests = manifestsOf(options.sessions)
    const api = await startApiTier(on, manifests)
    const tier = await startSessionTier(on, manifests, options)
    const { simulator, mongo, redis, writeErrors, store, stop } = on
    return {
      ...{ ...api, ...tier, simulator, mongo, redis, writeErrors, stop, reader: store },
      mongoProxies: on.ways.map((ways) => ways.mongo),
      leaseMs: options.leaseSeconds * 1000,
      longestOutageMs: options.longestOutageMs,
      log: logReader(on),
      origins: `${mongo.origin}, ${redis.origin}`,
    }
  } catch (error) {
    await on.stop()
    throw error
  }
}

function logReader({ db }: Foundation): Stack['log'] {
  const log = db.collection<LogDoc>('log')
  const projection = { epoch: 1, holder: 1, takeover: 1, seq: 1 }
  // In whatever order: SecantusDB reads the whole collection for each range of ids.
  return () => log.find().project<LogEntry>(projection).toArray()
}

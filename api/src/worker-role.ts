/** The worker role: what happens without a request. Any number of replicas. */
import { METRICS, type SessionKey } from '@warren/contracts'
import { Counter, Gauge } from '@warren/runtime/metrics'
import type { ApiDeps } from './create-api.ts'
import type { Services } from './services.ts'
import { createProjectionWorker } from './workers/projections.ts'

export type WorkerRole = {
  start(): Promise<void>
  /** Lets what is running end; whatever is left is found by the next worker. */
  stop(): Promise<void>
  /** Applies the journal of an instance again to its read models, as far as it is kept. Returns the number of entries. */
  rebuild(session: SessionKey): Promise<number>
}

export function createWorkerRole(deps: ApiDeps, services: Services): WorkerRole {
  const { config, sessions, bus, clock, logger, registry, redisPrefix = 'warren' } = deps
  const applied = registry
    ? new Counter({
        name: METRICS.projectionEntries,
        help: 'Journal entries applied to the read models.',
        registers: [registry],
      })
    : undefined
  const lag = registry
    ? new Gauge({
        name: METRICS.projectionLag,
        help: 'Journal entries not yet applied, over all instances, at the last sweep.',
        registers: [registry],
      })
    : undefined
  const projector = services.projector((entries) => applied?.inc(entries))
  const projections = createProjectionWorker({
    projector,
    cursors: services.cursors,
    sessions,
    bus,
    redisUrl: config.REDIS_URL,
    redisPrefix: `${redisPrefix}:jobs`,
    sweepSeconds: config.PROJECTION_SWEEP_SECONDS,
    onLag: (entries) => lag?.set(entries),
    clock,
    logger,
  })
  let running = false
  return {
    async start() {
      running = true
      services.mediaSigner.start()
      await projections.start()
    },
    async stop() {
      if (!running) return
      running = false
      services.mediaSigner.stop()
      await projections.stop()
    },
    rebuild: projector.rebuild,
  }
}

/** Probes on the public port: for load balancers and people. Names and times only; what failed in detail stays in the log. */

import type { Clock } from '@warren/runtime/clock'
import { type HealthCheck, runChecks } from '@warren/runtime/health'
import type { Logger } from '@warren/runtime/logger'
import { Router } from 'express'
import { createTtlCache } from '../../platform/index.ts'

export type HealthDeps = {
  readonly checks: readonly HealthCheck[]
  /** Whether the process has begun to stop. */
  readonly draining: () => boolean
  readonly environment: string
  readonly version: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Anyone may ask; the dependencies are asked this often at most. */
const CACHE_MS = 1_000

export function healthRouter(deps: HealthDeps): Router {
  const { checks, draining, environment, version, clock, logger } = deps
  const router = Router()
  const reports = createTtlCache<Awaited<ReturnType<typeof look>>>(clock, CACHE_MS)
  const report = () => reports.get('', look)

  async function look() {
    const { status, timestamp, checks: results } = await runChecks(checks, { clock, version })
    for (const [name, { status, error }] of Object.entries(results))
      if (status === 'failed') logger.warn('health check failed', { check: name, error })
    const shown = Object.entries(results).map(([name, { status, durationMs }]) => [
      name,
      { status, durationMs },
    ])
    return { status, timestamp, environment, version, dependencies: Object.fromEntries(shown) }
  }

  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok', timestamp: clock.now().toISOString() })
  })
  router.get('/health', async (_req, res) => {
    const health = await report()
    res
      .status(health.status === 'failed' ? 503 : 200)
      .set('Cache-Control', 'no-store')
      .json(health)
  })
  router.get('/readyz', async (_req, res) => {
    const health = await report()
    const ready = health.status !== 'failed' && !draining()
    res
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ...health, ready })
  })
  return router
}

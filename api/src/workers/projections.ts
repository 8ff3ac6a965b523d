/**
 * Runs the projector where there is something new. Three ways lead there: the pod's wake-up, which is fast; the sweep, which finds what
 * no wake-up told; and a run without the job queue, when Redis is away or a job got lost with a killed worker.
 */
import { CHANNELS, parseSessionKey, type SessionKey, sessionKeyOf } from '@warren/contracts'
import type { Bus, Subscription } from '@warren/runtime/bus'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import type { SessionReader } from '@warren/runtime/session-store'
import type { CursorRepo, Projector } from '../projection/index.ts'
import { createInstanceJobs } from './job-queue.ts'

export type ProjectionWorker = {
  start(): Promise<void>
  stop(): Promise<void>
  /** Looks once for instances that are behind; the timer does the same. Returns how many entries they are behind together. */
  sweep(): Promise<number>
}

const CONCURRENCY = 16
/** Wake-ups of one instance within this time are one. */
const GATHER_MS = 5
const SWEEP_BATCH = 500

export function createProjectionWorker(deps: {
  projector: Projector
  cursors: CursorRepo
  sessions: Pick<SessionReader, 'heads'>
  bus: Pick<Bus, 'subscribe' | 'connected'>
  redisUrl: string
  redisPrefix: string
  sweepSeconds: number
  onLag?: (entries: number) => void
  clock: Clock
  logger: Logger
}): ProjectionWorker {
  const { projector, cursors, sessions, bus, clock, logger, onLag } = deps
  const jobs = createInstanceJobs({
    name: 'projections',
    redisUrl: deps.redisUrl,
    prefix: deps.redisPrefix,
    concurrency: CONCURRENCY,
    run: projector.catchUp,
    clock,
    logger,
  })
  const gathering = new Map<SessionKey, Timer>()
  const local = new Map<SessionKey, Promise<void>>()
  /** Where the cursors of instances stood that were behind at the last sweep. */
  let stuckAt = new Map<SessionKey, number>()
  let subscription: Subscription | undefined
  let timer: Timer | undefined
  let sweeping: Promise<number> | undefined
  let stopped = false

  function runHere(session: SessionKey): void {
    if (stopped || local.has(session)) return
    const run = projector.catchUp(session).then(
      () => {},
      (error) => logger.warn('projection failed; the sweep tries again', { session, error }),
    )
    local.set(session, run)
    void run.finally(() => local.delete(session))
  }

  async function request(session: SessionKey): Promise<void> {
    if (!bus.connected()) return runHere(session)
    await jobs.request(session).catch((error) => {
      logger.debug('projecting without the job queue', { session, error })
      runHere(session)
    })
  }

  function onWakeUp(message: unknown): void {
    const owner = typeof message === 'string' ? parseSessionKey(message) : undefined
    if (!owner || stopped) return
    const session = sessionKeyOf(owner)
    if (gathering.has(session)) return
    gathering.set(
      session,
      clock.setTimer(GATHER_MS, () => {
        gathering.delete(session)
        void request(session)
      }),
    )
  }

  async function sweepOnce(): Promise<number> {
    const behind = new Map<SessionKey, number>()
    let lag = 0
    for await (const batch of batches(sessions.heads(), SWEEP_BATCH)) {
      const positions = await cursors.positions(batch.map(sessionKeyOf))
      for (const head of batch) {
        const session = sessionKeyOf(head)
        const { seq: position, base } = positions.get(session) ?? { seq: 0, base: 0 }
        if (position >= head.seq && base >= head.base) continue
        behind.set(session, position)
        lag += Math.max(0, head.seq - Math.max(position, head.base))
        // No progress since the last sweep: whoever has the job does not do it.
        if (stuckAt.get(session) === position) runHere(session)
        else await request(session)
      }
    }
    stuckAt = behind
    onLag?.(lag)
    return lag
  }

  function sweep(): Promise<number> {
    sweeping ??= sweepOnce().finally(() => {
      sweeping = undefined
    })
    return sweeping
  }

  return {
    sweep,
    async start() {
      jobs.start()
      subscription = bus.subscribe(CHANNELS.journal, onWakeUp)
      const look = () => void sweep().catch((error) => logger.warn('sweep failed', { error }))
      timer = clock.setInterval(deps.sweepSeconds * 1000, look)
      look()
    },
    async stop() {
      stopped = true
      timer?.stop()
      subscription?.stop()
      for (const waiting of gathering.values()) waiting.stop()
      await sweeping?.catch(() => {})
      await jobs.stop()
      await Promise.all(local.values())
    },
  }
}

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length) yield batch
}

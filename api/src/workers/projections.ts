/**
 * Runs the projector where there is something new. Three ways lead there: the pod's wake-up, which is fast; the sweep, which finds what
 * no wake-up told; and a run without the job queue, when Redis is away or a job got lost with a killed worker.
 */
import { CHANNELS, type InstanceId } from '@warren/contracts'
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
  const gathering = new Map<InstanceId, Timer>()
  const local = new Map<InstanceId, Promise<void>>()
  /** Where the cursors of instances stood that were behind at the last sweep. */
  let stuckAt = new Map<InstanceId, number>()
  let subscription: Subscription | undefined
  let timer: Timer | undefined
  let sweeping: Promise<number> | undefined
  let stopped = false

  function runHere(instance: InstanceId): void {
    if (stopped || local.has(instance)) return
    const run = projector.catchUp(instance).then(
      () => {},
      (error) => logger.warn('projection failed; the sweep tries again', { instance, error }),
    )
    local.set(instance, run)
    void run.finally(() => local.delete(instance))
  }

  async function request(instance: InstanceId): Promise<void> {
    if (!bus.connected()) return runHere(instance)
    await jobs.request(instance).catch((error) => {
      logger.debug('projecting without the job queue', { instance, error })
      runHere(instance)
    })
  }

  function onWakeUp(message: unknown): void {
    if (typeof message !== 'string' || gathering.has(message) || stopped) return
    gathering.set(
      message,
      clock.setTimer(GATHER_MS, () => {
        gathering.delete(message)
        void request(message)
      }),
    )
  }

  async function sweepOnce(): Promise<number> {
    const behind = new Map<InstanceId, number>()
    let lag = 0
    for await (const batch of batches(sessions.heads(), SWEEP_BATCH)) {
      const positions = await cursors.positions(batch.map(({ instance }) => instance))
      for (const { instance, seq } of batch) {
        const position = positions.get(instance) ?? 0
        if (position >= seq) continue
        behind.set(instance, position)
        lag += seq - position
        // No progress since the last sweep: whoever has the job does not do it.
        if (stuckAt.get(instance) === position) runHere(instance)
        else await request(instance)
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

/** Jobs for sessions on BullMQ: at most one active per session over all workers, and never two waiting. */
import type { SessionKey } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { Queue, Worker } from 'bullmq'

export type InstanceJobs = {
  start(): void
  /** Lets running jobs end, unless Redis is away. */
  stop(): Promise<void>
  /**
   * Asks for one run. A request during a run becomes one more run after it.
   * @throws Error when Redis does not take it within a second
   */
  request(session: SessionKey): Promise<void>
}

const REQUEST_MS = 1_000
const CLOSE_MS = 5_000

export function createInstanceJobs(deps: {
  name: string
  redisUrl: string
  /** In front of all keys, for installations that share a Redis. */
  prefix: string
  concurrency: number
  run: (session: SessionKey) => Promise<unknown>
  clock: Clock
  logger: Logger
}): InstanceJobs {
  const { name, redisUrl, prefix, concurrency, run, clock, logger } = deps
  let queue: Queue | undefined
  let worker: Worker | undefined
  const onError = (error: Error) => logger.debug('job queue', { queue: name, error })

  async function within<T>(ms: number, work: Promise<T>): Promise<T> {
    const { promise: overrun, reject } = Promise.withResolvers<never>()
    const timer = clock.setTimer(ms, () => reject(new Error(`the job queue did not answer within ${ms} ms`)))
    try {
      return await Promise.race([work, overrun])
    } finally {
      timer.stop()
    }
  }

  return {
    start() {
      queue = new Queue(name, { connection: { url: redisUrl, enableOfflineQueue: false }, prefix })
      queue.on('error', onError)
      worker = new Worker<{ session: SessionKey }>(name, ({ data }) => run(data.session), {
        connection: { url: redisUrl, maxRetriesPerRequest: null },
        prefix,
        concurrency,
      })
      worker.on('error', onError)
      worker.on('failed', (job, error) =>
        logger.warn('job failed; the sweep tries again', {
          queue: name,
          session: job?.data.session,
          error,
        }),
      )
    },
    async stop() {
      const closing = Promise.all([worker?.close(), queue?.close()])
      await within(CLOSE_MS, closing).catch(async (error) => {
        logger.debug('job queue was cut off', { queue: name, error })
        await Promise.all([worker?.disconnect(), queue?.disconnect()])
      })
    },
    async request(session) {
      if (!queue) throw new Error('the job queue has not started')
      const options = {
        deduplication: { id: session, keepLastIfActive: true },
        removeOnComplete: true,
        removeOnFail: true,
      }
      await within(REQUEST_MS, queue.add('catch-up', { session }, options))
    },
  }
}

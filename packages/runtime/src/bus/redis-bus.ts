import type { Bus } from './bus.ts'
import { type BusDeps, createBus } from './create-bus.ts'
import { redisTransport } from './redis-transport.ts'

export type RedisBusOptions = BusDeps & {
  /** `redis://` or `rediss://`, with user and password if there are any. */
  url: string
  /** In front of each channel's name, for installations that share a Redis. */
  prefix?: string
}

/** The bus on Redis pub/sub. It needs no key of the database, so a flush does not touch it. */
export function createRedisBus(options: RedisBusOptions): Bus {
  const { url, prefix = 'warren:', clock, logger } = options
  return createBus(redisTransport({ url, prefix, clock, logger }), options)
}

import { Redis, type RedisOptions } from 'ioredis'
import type { Clock, Timer } from '../clock/index.ts'
import type { Logger } from '../logger/index.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** How many publications may be under way; a Redis that has stopped reading must not fill our memory. */
const MAX_IN_FLIGHT = 10_000
/** A connection that is cut without a word is noticed by a ping within this and the command timeout. */
const PING_EVERY_MS = 15_000
const COMMAND_TIMEOUT_MS = 5_000

const OPTIONS = {
  lazyConnect: true,
  // Nothing is kept for later: a command without a connection fails at once.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // Done by hand, to know when it is complete.
  autoResubscribe: false,
  // Commands of one turn of the event loop leave in one write: a burst of events costs one system call.
  enableAutoPipelining: true,
  connectTimeout: 5_000,
  commandTimeout: COMMAND_TIMEOUT_MS,
  // Half of the delay is random, so that many processes do not return in the same moment.
  retryStrategy: (attempt: number) =>
    Math.min(100 * 2 ** Math.min(attempt, 6), 3_000) * (0.5 + Math.random() / 2),
} satisfies RedisOptions

type Options = { url: string; prefix: string; clock: Clock; logger: Logger }

/** Two connections, since one that subscribes cannot publish. It is up while both are and every channel is subscribed. */
export function redisTransport({ url, prefix, clock, logger }: Options): Transport {
  const publisher = new Redis(url, OPTIONS)
  const subscriber = new Redis(url, OPTIONS)
  const channels = new Map<string, PromiseWithResolvers<void>>()
  let events: TransportEvents | undefined
  let online = false
  let subscribed = false
  let inFlight = 0
  let pings: Timer | undefined

  function update() {
    const next = publisher.status === 'ready' && subscribed
    if (next === online) return
    online = next
    logger.info(online ? 'Redis connected' : 'Redis lost')
    if (online) events?.up()
    else events?.down()
  }

  /** Subscribes to all channels known at this moment; later ones are subscribed one by one. */
  async function subscribeAll() {
    const wanted = [...channels]
    try {
      if (wanted.length) await subscriber.subscribe(...wanted.map(([channel]) => prefix + channel))
      for (const [, { resolve }] of wanted) resolve()
      subscribed = subscriber.status === 'ready'
      update()
    } catch (error) {
      onRefusedSubscription(error)
    }
  }

  /** Either the connection went, and its return subscribes again, or Redis refused, and a new connection may be luckier. */
  function onRefusedSubscription(error: unknown) {
    if (subscriber.status !== 'ready') return
    logger.warn('Redis refused a subscription', { error })
    subscriber.disconnect(true)
  }

  function ping() {
    for (const connection of [publisher, subscriber])
      if (connection.status === 'ready') connection.ping().catch(() => connection.disconnect(true))
  }

  for (const connection of [publisher, subscriber]) {
    let reported = ''
    // Each failed attempt is an event; one line for each new reason is enough.
    connection.on('error', (error: Error) => {
      if (error.message !== reported) logger.warn('Redis connection failed', { error })
      reported = error.message
    })
    connection.on('ready', () => {
      reported = ''
    })
  }
  publisher.on('ready', update)
  publisher.on('close', update)
  subscriber.on('ready', () => void subscribeAll())
  subscriber.on('close', () => {
    subscribed = false
    update()
  })
  subscriber.on('message', (channel: string, text: string) => {
    events?.message(channel.slice(prefix.length), text)
  })

  return {
    async start(given) {
      events = given
      // A first attempt that fails is followed by others.
      void publisher.connect().catch(() => {})
      void subscriber.connect().catch(() => {})
      pings = clock.setInterval(PING_EVERY_MS, ping)
    },
    async stop() {
      events = undefined
      pings?.stop()
      publisher.disconnect()
      subscriber.disconnect()
      for (const { resolve } of channels.values()) resolve()
    },
    async publish(channel, text) {
      if (publisher.status !== 'ready' || inFlight >= MAX_IN_FLIGHT) return undefined
      inFlight++
      try {
        return await publisher.publish(prefix + channel, text)
      } catch {
        return undefined
      } finally {
        inFlight--
      }
    },
    subscribe(channel) {
      const deferred = Promise.withResolvers<void>()
      channels.set(channel, deferred)
      if (subscriber.status === 'ready')
        subscriber.subscribe(prefix + channel).then(() => deferred.resolve(), onRefusedSubscription)
      return deferred.promise
    },
    unsubscribe(channel) {
      channels.get(channel)?.resolve()
      channels.delete(channel)
      if (subscriber.status === 'ready') subscriber.unsubscribe(prefix + channel).catch(() => {})
    },
  }
}

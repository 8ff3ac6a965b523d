/** MongoDB and Redis as a whole. */
import { setTimeout as delay } from 'node:timers/promises'
import { type DataService, flushRedis } from '../stack/data-services.ts'
import { onAll, seconds } from './scenario.ts'

async function killed(service: DataService, ms: number): Promise<string> {
  await service.kill()
  await delay(ms)
  await service.restart()
  return `SIGKILL, away for ${seconds(ms)}`
}

async function frozen(service: DataService, ms: number): Promise<string> {
  service.freeze()
  await delay(ms)
  service.thaw()
  return `SIGSTOP for ${seconds(ms)}`
}

export const DATA_SCENARIOS = [
  onAll('redis-flushed', async ({ redis }) => {
    await flushRedis(redis.uri)
    return 'FLUSHALL'
  }),
  onAll('redis-killed', async ({ redis, longestOutageMs }, random) =>
    killed(redis, random.int(0, longestOutageMs)),
  ),
  onAll('redis-frozen', async ({ redis }, random) => frozen(redis, random.int(500, 6_000))),
  onAll('mongo-frozen', async ({ mongo }, random) => frozen(mongo, random.int(500, 6_000))),

  onAll('mongo-slow', async ({ mongoProxies }, random) => {
    const ms = random.int(30, 250)
    for (const proxy of mongoProxies) proxy.set({ kind: 'slow', ms })
    await delay(random.int(3_000, 8_000))
    for (const proxy of mongoProxies) proxy.set({ kind: 'pass' })
    return `${ms} ms each way`
  }),

  onAll('mongo-write-errors', async ({ writeErrors }, random) => {
    const share = random.pick([0.1, 0.3, 0.6])
    const before = writeErrors.count()
    writeErrors.fail(share, random)
    await delay(random.int(3_000, 8_000))
    writeErrors.fail(0, random)
    return `${writeErrors.count() - before} writes, half of which took effect`
  }),

  onAll('mongo-unreachable', async ({ mongoProxies, leaseMs }, random) => {
    const ms = random.int(1_000, leaseMs * 1.5)
    const kind = random.pick(['refuse', 'hold'] as const)
    for (const proxy of mongoProxies) proxy.set({ kind })
    await delay(ms)
    for (const proxy of mongoProxies) proxy.set({ kind: 'pass' })
    return `${kind === 'hold' ? 'held' : 'refused'} for ${seconds(ms)}`
  }),
]

/** Only for a MongoDB of our own. */
export const MONGO_KILLED = onAll('mongo-killed', async ({ mongo, longestOutageMs }, random) =>
  killed(mongo, random.int(0, longestOutageMs)),
)

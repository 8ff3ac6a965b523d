import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { systemClock } from '../clock/index.ts'
import { createIds } from '../ids/index.ts'
import { silentLogger } from '../logger/index.ts'
import { freePort, ownRedis, until } from '../testing/index.ts'
import { busConformance } from './conformance.ts'
import { createBus } from './create-bus.ts'
import { createMemoryBus, createMemoryHub, createRedisBus } from './index.ts'
import type { TransportEvents } from './transport.ts'

const deps = { clock: systemClock, logger: silentLogger, ids: createIds(systemClock) }

busConformance('memory bus', async (t) => {
  const hub = createMemoryHub()
  return {
    async join() {
      const bus = createMemoryBus({ ...deps, hub })
      t.after(() => bus.stop())
      await bus.start()
      return bus
    },
    cut: async () => hub.cut(),
    restore: async () => hub.restore(),
  }
})

const redis = await ownRedis({ after })

busConformance('Redis bus', async (t) => {
  const prefix = `test:${randomUUID()}:`
  return {
    async join() {
      const bus = createRedisBus({ ...deps, url: redis.uri, prefix })
      t.after(() => bus.stop())
      await bus.start()
      return bus
    },
    cut: redis.stop,
    restore: redis.restart,
  }
})

test('a wake-up that could not be sent is sent when Redis is back, once for each name', async () => {
  const sent: string[] = []
  let events: TransportEvents | undefined
  let reachable = false
  const bus = createBus(
    {
      start: async (given) => {
        events = given
        given.up()
      },
      stop: async () => {},
      publish: async (channel) => (reachable ? sent.push(channel) : undefined),
      subscribe: async () => {},
      unsubscribe: () => {},
    },
    deps,
  )
  await bus.start()
  for (const name of ['a', 'b', 'a']) bus.wake(name)
  await until(() => bus.stats().dropped === 3)
  reachable = true
  events?.down()
  events?.up()
  await until(() => sent.length === 2)
  assert.deepEqual(sent, ['wake:a', 'wake:b'])
  await bus.stop()
})

test('a start without Redis does not fail, nor take longer than the grace', async () => {
  const bus = createRedisBus({ ...deps, url: `redis://127.0.0.1:${await freePort()}` })
  const started = performance.now()
  await bus.start()
  assert.ok(performance.now() - started < 4_000)
  assert.equal(bus.connected(), false)
  assert.equal(await bus.publish('events', 1), false)
  await bus.stop()
})

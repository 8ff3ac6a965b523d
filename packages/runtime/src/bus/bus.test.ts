import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { systemClock } from '../clock/index.ts'
import { createIds } from '../ids/index.ts'
import { silentLogger } from '../logger/index.ts'
import { freePort, ownRedis } from '../testing/index.ts'
import { busConformance } from './conformance.ts'
import { createMemoryBus, createMemoryHub, createRedisBus } from './index.ts'

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

test('a start without Redis does not fail, nor take longer than the grace', async () => {
  const bus = createRedisBus({ ...deps, url: `redis://127.0.0.1:${await freePort()}` })
  const started = performance.now()
  await bus.start()
  assert.ok(performance.now() - started < 4_000)
  assert.equal(bus.connected(), false)
  assert.equal(await bus.publish('events', 1), false)
  await bus.stop()
})

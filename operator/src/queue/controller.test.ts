import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WarrenError } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { createMemoryLogger } from '@warren/runtime/logger'
import { createRegistry } from '@warren/runtime/metrics'
import { createOperatorMetrics } from '../metrics.ts'
import { createController, type Reconcile } from './controller.ts'

function setUp(reconcile: Reconcile, workers = 2, settleMs = 0) {
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const registry = createRegistry({ service: 'operator', version: '0', defaults: false })
  const metricsOf = createOperatorMetrics(registry)
  const controller = createController({
    name: 'things',
    reconcile,
    workers,
    settleMs,
    clock,
    logger,
    metrics: (view) => metricsOf('things', view),
  })
  controller.start()
  return { clock, logger, registry, controller }
}

/** A metric's value for the controller, with a result where there is one. */
async function value(registry: ReturnType<typeof setUp>['registry'], name: string, result?: string) {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] }
  return values.find(({ labels }) => result === undefined || labels.result === result)?.value
}

test('conflicts are tried again and are no errors, mistakes of the program are counted', async () => {
  const outcomes = [
    new WarrenError('conflict'),
    new WarrenError('dependency_unavailable'),
    new TypeError('x is not a function'),
    undefined,
  ]
  const { clock, registry, controller, logger } = setUp(async () => {
    const outcome = outcomes.shift()
    if (outcome) throw outcome
    return {}
  })
  controller.enqueue('a')
  await clock.advance(1_000)
  const name = 'controller_runtime_reconcile_total'
  const results = await Promise.all(['conflict', 'error', 'success'].map((one) => value(registry, name, one)))
  assert.deepEqual(results, [1, 2, 1])
  assert.equal(await value(registry, 'controller_runtime_reconcile_panics_total'), 1)
  assert.equal(await value(registry, 'workqueue_retries_total'), 3)
  assert.equal(logger.lines.filter(({ level }) => level === 'warn').length, 2)
  await controller.stop()
})

test('news that come together are answered once, counted from the first of them', async () => {
  const seenMs: number[] = []
  const { clock, controller } = setUp(
    async () => {
      seenMs.push(clock.monotonicMs())
      return {}
    },
    2,
    50,
  )
  const startMs = clock.monotonicMs()
  for (let n = 0; n < 7; n++) {
    controller.enqueue('a')
    await clock.advance(10)
  }
  await clock.advance(100)
  assert.deepEqual(
    seenMs.map((ms) => ms - startMs),
    [50, 100],
  )
  await controller.stop()
})

test('a stop lets running reconciles end, and one that does not end is told', async () => {
  const gate = Promise.withResolvers<void>()
  const begun: string[] = []
  const { clock, registry, controller } = setUp(async (key) => {
    begun.push(key)
    await gate.promise
    return {}
  })
  for (const key of ['a', 'b', 'c']) controller.enqueue(key)
  await clock.advance(90_000)
  assert.deepEqual(begun, ['a', 'b'])
  assert.equal(await value(registry, 'workqueue_depth'), 1)
  assert.equal(await value(registry, 'controller_runtime_active_workers'), 2)
  assert.equal(await value(registry, 'controller_runtime_max_concurrent_reconciles'), 2)
  assert.equal(await value(registry, 'workqueue_unfinished_work_seconds'), 180)
  assert.equal(await value(registry, 'workqueue_longest_running_processor_seconds'), 90)
  assert.equal(controller.problem(), undefined)
  await clock.advance(300_000)
  assert.match(controller.problem() ?? '', /things has been busy with a for more than 5 minutes/)
  let stopped = false
  const stopping = controller.stop().then(() => {
    stopped = true
  })
  await clock.advance(1_000)
  assert.equal(stopped, false)
  gate.resolve()
  await stopping
  assert.deepEqual(begun, ['a', 'b'], 'what waits is left to the successor')
})

test('the time in the queue is measured from when a key could be worked on', async () => {
  const { clock, registry, controller } = setUp(async () => {
    await clock.sleep(2_000)
    return {}
  }, 1)
  controller.enqueue('a')
  controller.enqueue('b', 'low')
  controller.enqueue('b')
  await clock.advance(10_000)
  const { values } = (await registry.getSingleMetric('workqueue_queue_duration_seconds')?.get()) ?? {
    values: [],
  }
  const sum = values.find((one) => 'metricName' in one && String(one.metricName).endsWith('_sum'))
  assert.equal(sum?.value, 2)
  await controller.stop()
})

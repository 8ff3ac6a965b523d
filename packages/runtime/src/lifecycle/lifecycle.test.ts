import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { createFakeClock } from '../clock/index.ts'
import { createMemoryLogger } from '../logger/index.ts'
import { createLifecycle, runUntilSignal } from './index.ts'

function setUp() {
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const seen: string[] = []
  const lifecycle = createLifecycle({ logger, clock })
  const note = (name: string) => ({
    start: async () => void seen.push(`+${name}`),
    stop: async () => void seen.push(`-${name}`),
  })
  return { clock, logger, seen, lifecycle, note }
}

test('starts in order, stops in reverse, once', async () => {
  const { lifecycle, seen, note, clock } = setUp()
  for (const name of ['mongo', 'redis', 'http']) lifecycle.add(name, note(name))
  await lifecycle.start()
  lifecycle.add('late', note('late'))
  await Promise.all([lifecycle.stop(), lifecycle.stop()])
  await lifecycle.stop()
  assert.deepEqual(seen, ['+mongo', '+redis', '+http', '-late', '-http', '-redis', '-mongo'])
  assert.equal(clock.pendingTimers(), 0)
  await assert.rejects(lifecycle.start(), /stopping/)
})

test('a failed start stops what had started, the failed one too, and tells why', async () => {
  const { lifecycle, seen, note } = setUp()
  lifecycle.add('mongo', note('mongo'))
  const refused = new Error('refused')
  lifecycle.add('redis', { ...note('redis'), start: () => Promise.reject(refused) })
  lifecycle.add('http', note('http'))
  await assert.rejects(lifecycle.start(), { message: 'redis did not start', cause: refused })
  await lifecycle.stop()
  assert.deepEqual(seen, ['+mongo', '-redis', '-mongo'])
})

test('a step that hangs or throws on stop does not keep the others', async () => {
  const { lifecycle, seen, note, clock, logger } = setUp()
  lifecycle.add('mongo', note('mongo'))
  lifecycle.add('hangs', { stop: () => new Promise(() => {}) }, { stopMs: 200 })
  lifecycle.add('throws', {
    stop() {
      throw new Error('no')
    },
  })
  await lifecycle.start()
  const stopped = lifecycle.stop()
  await clock.advance(200)
  await stopped
  assert.deepEqual(seen, ['+mongo', '-mongo'])
  assert.deepEqual(
    logger.lines.filter((line) => line.level === 'error').map((line) => line.resource),
    ['throws', 'hangs'],
  )
})

test('a stop during the start lets the running step end, starts nothing more, and stops it', async () => {
  const { lifecycle, seen, note } = setUp()
  const { promise: connected, resolve: connect } = Promise.withResolvers<void>()
  lifecycle.add('slow', { ...note('slow'), start: () => connected })
  lifecycle.add('next', note('next'))
  const started = lifecycle.start()
  const stopped = lifecycle.stop()
  connect()
  await Promise.all([started, stopped])
  assert.deepEqual(seen, ['-slow'])
})

test('a stop does not wait for a step of the start that hangs', async () => {
  const { lifecycle, seen, note, clock } = setUp()
  lifecycle.add('bus', note('bus'))
  lifecycle.add('mongo', { ...note('mongo'), start: () => new Promise(() => {}) }, { startMs: 90_000 })
  lifecycle.add('next', note('next'))
  const started = lifecycle.start()
  await clock.advance(0)
  const stopped = lifecycle.stop()
  await clock.advance(5_000)
  await stopped
  assert.deepEqual(seen, ['+bus', '-mongo', '-bus'])
  await clock.advance(85_000)
  await started.catch(() => {})
  assert.deepEqual(seen, ['+bus', '-mongo', '-bus'], 'and nothing comes after it')
})

test('a start that takes too long fails', async () => {
  const { lifecycle, clock } = setUp()
  lifecycle.add('hangs', { start: () => new Promise(() => {}) }, { startMs: 1_000 })
  const failing = assert.rejects(lifecycle.start(), (error: Error) => /1000 ms/.test(String(error.cause)))
  await clock.advance(1_000)
  await failing
})

function fakeProcess() {
  const exits: number[] = []
  const { promise: exited, resolve } = Promise.withResolvers<void>()
  const exit = (code: number) => {
    exits.push(code)
    resolve()
  }
  return Object.assign(new EventEmitter(), { exit, exits, exited })
}

test('SIGTERM stops and exits with 0; a second signal exits at once', async () => {
  const { lifecycle, seen, note, logger } = setUp()
  const process = fakeProcess()
  lifecycle.add('http', note('http'))
  await runUntilSignal(lifecycle, { logger, process })
  process.emit('SIGTERM', 'SIGTERM')
  await process.exited
  assert.deepEqual([seen, process.exits], [['+http', '-http'], [0]])

  const stuck = setUp()
  const second = fakeProcess()
  stuck.lifecycle.add('hangs', { stop: () => new Promise(() => {}) })
  await runUntilSignal(stuck.lifecycle, { logger, process: second })
  second.emit('SIGINT', 'SIGINT')
  second.emit('SIGINT', 'SIGINT')
  assert.deepEqual(second.exits, [130])
})

test('an unhandled rejection and a failed start are logged and exit with 1', async () => {
  const { lifecycle, logger } = setUp()
  const process = fakeProcess()
  await runUntilSignal(lifecycle, { logger, process })
  process.emit('unhandledRejection', new Error('forgotten'))
  await process.exited
  assert.deepEqual(process.exits, [1])
  assert.ok(JSON.stringify(logger.lines).includes('forgotten'))

  const failing = setUp()
  const other = fakeProcess()
  failing.lifecycle.add('mongo', { start: () => Promise.reject(new Error('refused')) })
  await runUntilSignal(failing.lifecycle, { logger: failing.logger, process: other })
  assert.deepEqual(other.exits, [1])
  assert.ok(JSON.stringify(failing.logger.lines).includes('refused'))
})

test('an own handler decides about uncaught errors', async () => {
  const { lifecycle, logger } = setUp()
  const process = fakeProcess()
  const caught: unknown[] = []
  await runUntilSignal(lifecycle, { logger, process, onUncaught: (error) => caught.push(error) })
  process.emit('uncaughtException', 'x')
  assert.deepEqual([caught, process.exits], [['x'], []])
})

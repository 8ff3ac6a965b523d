import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SessionStatus, WarrenError } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import { createMemorySessionStore } from '@warren/runtime/session-store'
import { acquireLease, createKeeper } from './lease.ts'

const TTL_MS = 15_000
const request = { instance: 'test.one', organization: 'acme', ttlMs: TTL_MS }
const status = (phase: SessionStatus['phase']): SessionStatus => ({ phase, since: new Date(0) })

async function hold() {
  const clock = createFakeClock()
  const store = createMemorySessionStore(clock)
  const { lease } = await store.acquire({ ...request, holder: 'pod/a' })
  const present = { status: status('starting') }
  const lost: unknown[] = []
  let reported = 0
  const writer = { ...store }
  const keeper = createKeeper({
    writer: { renew: (...args) => writer.renew(...args), release: store.release },
    lease,
    ttlMs: TTL_MS,
    clock,
    logger: silentLogger,
    report: () => ({ ...present, seq: 0 }),
    onLost: (error) => lost.push(error),
    onReported: () => reported++,
  })
  keeper.start(clock.monotonicMs())
  return { clock, store, writer, present, keeper, lost, reported: () => reported }
}

test('the lease is kept as long as the database answers', async () => {
  const { clock, lost, store, keeper } = await hold()
  await clock.advance(10 * TTL_MS)
  assert.deepEqual(lost, [])
  await assert.rejects(store.acquire({ ...request, holder: 'pod/b' }), { code: 'lease_held' })
  await keeper.release()
  assert.equal((await store.acquire({ ...request, holder: 'pod/b' })).lease.epoch, 2)
  assert.equal(clock.pendingTimers(), 0)
})

test('cut off from the database it gives up before the lease ends, by its own clock', async () => {
  const { clock, writer, lost } = await hold()
  await clock.advance(TTL_MS / 3)
  writer.renew = () => new Promise(() => {})
  clock.jumpWallClock(-3_600_000)
  await clock.advance(TTL_MS * 0.79)
  assert.equal(lost.length, 0)
  await clock.advance(TTL_MS * 0.02)
  assert.equal(lost.length, 1)
})

test('a renewal that failed is tried again soon, so that a short outage does not cost the lease', async () => {
  const { clock, store, writer, lost } = await hold()
  const renew = writer.renew
  await clock.advance(TTL_MS / 3)
  writer.renew = async () => {
    throw new Error('away')
  }
  // The last turn of the interval before the deadline fails as well.
  await clock.advance(TTL_MS * 0.7)
  writer.renew = renew
  await clock.advance(1_000)
  await clock.advance(TTL_MS * 0.3)
  assert.deepEqual(lost, [])
  await assert.rejects(store.acquire({ ...request, holder: 'pod/b' }))
})

test('a database that is away when the lease is asked for is waited for', async () => {
  const clock = createFakeClock()
  const store = createMemorySessionStore(clock)
  let away = true
  const flaky = {
    async acquire(wanted: Parameters<typeof store.acquire>[0]) {
      if (away) throw Object.assign(new Error('no primary'), { name: 'MongoServerSelectionError' })
      return store.acquire(wanted)
    },
  }
  const options = { clock, logger: silentLogger, signal: new AbortController().signal }
  const acquiring = acquireLease(flaky, { ...request, holder: 'pod/a' }, options)
  await clock.advance(5_000)
  away = false
  await clock.advance(1_500)
  assert.equal((await acquiring).takeover.lease.epoch, 1)
})

test('a slow start does not prolong the lease: the deadline counts from when it was asked for', async () => {
  const clock = createFakeClock()
  const store = createMemorySessionStore(clock)
  const slow = {
    async acquire(wanted: Parameters<typeof store.acquire>[0]) {
      const takeover = await store.acquire(wanted)
      await clock.sleep(TTL_MS / 2)
      return takeover
    },
  }
  const signal = new AbortController().signal
  const acquiring = acquireLease(
    slow,
    { ...request, holder: 'pod/a' },
    { clock, logger: silentLogger, signal },
  )
  await clock.advance(TTL_MS / 2)
  const { takeover, sinceMs } = await acquiring
  const lost: unknown[] = []
  const keeper = createKeeper({
    writer: { renew: () => new Promise(() => {}), release: store.release },
    lease: takeover.lease,
    ttlMs: TTL_MS,
    clock,
    logger: silentLogger,
    report: () => ({ status: status('starting'), seq: 0 }),
    onLost: (error) => lost.push(error),
    onReported: () => {},
  })
  keeper.start(sinceMs)
  await clock.advance(TTL_MS * 0.31)
  assert.equal(lost.length, 1)
})

test('a lease whose answer was long in coming is renewed at once: what is left of it may not last until the next turn', async () => {
  const { clock, store, lost, keeper } = await hold()
  await keeper.release()
  const { lease } = await store.acquire({ ...request, holder: 'pod/b' })
  let renewals = 0
  const sinceMs = clock.monotonicMs()
  await clock.advance(TTL_MS / 3)
  const late = createKeeper({
    writer: {
      async renew(...args) {
        renewals += 1
        return store.renew(...args)
      },
      release: store.release,
    },
    ...{ lease, ttlMs: TTL_MS, clock, logger: silentLogger },
    report: () => ({ status: status('starting'), seq: 0 }),
    onLost: (error) => lost.push(error),
    onReported: () => {},
  })
  late.start(sinceMs)
  await clock.advance(1)
  assert.equal(renewals, 1)
  await clock.advance(TTL_MS * 0.6)
  assert.deepEqual(lost, [])
  await late.release()
})

test('a lease that ran out before its answer came is renewed before anything else, and lost only if another took it', async () => {
  const { clock, store, lost, keeper } = await hold()
  await keeper.release()
  const { lease } = await store.acquire({ ...request, holder: 'pod/b' })
  const sinceMs = clock.monotonicMs()
  await clock.advance(TTL_MS * 1.2)
  const lateKeeper = (of: typeof lease) =>
    createKeeper({
      writer: {
        async renew(...args) {
          await clock.sleep(50)
          return store.renew(...args)
        },
        release: store.release,
      },
      ...{ lease: of, ttlMs: TTL_MS, clock, logger: silentLogger },
      report: () => ({ status: status('starting'), seq: 0 }),
      onLost: (error) => lost.push(error),
      onReported: () => {},
    })
  const late = lateKeeper(lease)
  const starting = late.start(sinceMs)
  await clock.advance(100)
  await starting
  assert.deepEqual(lost, [])
  await assert.rejects(store.acquire({ ...request, holder: 'pod/c' }), { code: 'lease_held' })
  await late.release()

  const { lease: taken } = await store.acquire({ ...request, holder: 'pod/c' })
  const beforeMs = clock.monotonicMs()
  await clock.advance(TTL_MS * 1.2)
  await store.acquire({ ...request, holder: 'pod/d' })
  const beaten = lateKeeper(taken).start(beforeMs)
  await clock.advance(100)
  await beaten
  assert.equal(lost.length, 1)
})

test('a lease that another took is lost at once', async () => {
  const { clock, writer, lost } = await hold()
  writer.renew = async () => {
    throw new WarrenError('fenced')
  }
  await clock.advance(TTL_MS / 3)
  assert.equal(lost.length, 1)
  await clock.advance(TTL_MS)
  assert.equal(lost.length, 1)
})

test('a change of the status is stored now and told once, also when it comes during a renewal', async () => {
  const { clock, store, present, keeper, reported } = await hold()
  present.status = status('connecting')
  keeper.report()
  present.status = status('connected')
  keeper.report()
  await clock.advance(0)
  assert.equal((await store.session('acme/test.one'))?.status?.phase, 'connected')
  await clock.advance(2 * TTL_MS)
  assert.ok(reported() <= 2)
})

test('who waits for a lease gets it when it ends', async () => {
  const { clock, store, keeper } = await hold()
  const options = { clock, logger: silentLogger, signal: new AbortController().signal }
  const waiting = acquireLease(store, { ...request, holder: 'pod/b' }, options)
  await clock.advance(10_000)
  await keeper.release()
  await clock.advance(3_000)
  assert.equal((await waiting).takeover.lease.epoch, 2)
})

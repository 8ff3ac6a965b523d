import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WarrenError } from '@warren/contracts'
import { createFakeClock, type FakeClock } from '@warren/runtime/clock'
import type { LeaseStore, VersionedLease } from '@warren/runtime/cluster/kubernetes'
import { silentLogger } from '@warren/runtime/logger'
import fc from 'fast-check'
import { createElector, ELECTION_TIMES } from './elector.ts'

/** One Lease in memory. Each call takes a time, and may fail before or after it took effect. */
function leaseServer(clock: FakeClock) {
  let stored: VersionedLease | undefined
  let version = 0
  const write: LeaseStore['write'] = async (record, expected) => {
    if (stored?.version !== expected)
      throw new WarrenError(expected === undefined ? 'already_exists' : 'conflict')
    stored = { record, version: `v${++version}` }
    return stored
  }
  return {
    stored: () => stored,
    remove: () => {
      stored = undefined
    },
    client(network: () => { beforeMs: number; afterMs: number; lost?: 'request' | 'answer' }): LeaseStore {
      async function call<T>(serve: () => Promise<T>): Promise<T> {
        const { beforeMs, afterMs, lost } = network()
        await clock.sleep(beforeMs)
        if (lost === 'request') throw new WarrenError('dependency_unavailable')
        const answer = await serve()
        await clock.sleep(afterMs)
        if (lost === 'answer') throw new WarrenError('dependency_unavailable')
        return answer
      }
      return { read: () => call(async () => stored), write: (...request) => call(() => write(...request)) }
    },
  }
}

const quick = () => ({ beforeMs: 1, afterMs: 1 })

function replica(clock: FakeClock, store: LeaseStore, identity: string, onElected: () => void = () => {}) {
  const events: string[] = []
  const elector = createElector({
    store,
    identity,
    clock,
    random: () => 0.5,
    logger: silentLogger,
    onElected() {
      events.push('elected')
      onElected()
    },
    onLost: () => events.push('lost'),
  })
  return { ...elector, events }
}

test('one leads, and its successor is there as soon as it has released', async () => {
  const clock = createFakeClock()
  const server = leaseServer(clock)
  const [a, b] = ['a', 'b'].map((name) => replica(clock, server.client(quick), name))
  assert.ok(a && b)
  a.start()
  await clock.advance(100)
  b.start()
  await clock.advance(60_000)
  assert.deepEqual([a.leads(), b.leads()], [true, false])
  const stopped = a.stop()
  await clock.advance(10)
  await stopped
  assert.equal(server.stored()?.record.holder, '')
  await clock.advance(3_000)
  assert.ok(b.leads())
  assert.equal(server.stored()?.record.transitions, 1)
  const end = b.stop()
  await clock.advance(10)
  await end
  assert.equal(clock.pendingTimers(), 0)
  assert.deepEqual([a.events, b.events], [['elected'], ['elected']])
})

test('a leader whose work did not end in time keeps its lease, and is ended before anybody else leads', async () => {
  const clock = createFakeClock()
  const server = leaseServer(clock)
  const [a, b] = ['a', 'b'].map((name) => replica(clock, server.client(quick), name))
  assert.ok(a && b)
  a.start()
  await clock.advance(100)
  b.start()
  await clock.advance(30_000)
  const stopped = a.stop({ release: false })
  await clock.advance(10)
  await stopped
  assert.equal(server.stored()?.record.holder, 'a')
  await clock.advance(ELECTION_TIMES.renewMs)
  assert.deepEqual([a.events, b.leads()], [['elected', 'lost'], false])
  await clock.advance(ELECTION_TIMES.leaseMs)
  assert.ok(b.leads())
})

test('a leader that dies without a word is followed within the lease and two looks', async () => {
  const clock = createFakeClock()
  const server = leaseServer(clock)
  let dead = false
  const a = replica(
    clock,
    server.client(() => ({ ...quick(), ...(dead ? { lost: 'request' as const } : {}) })),
    'a',
  )
  const b = replica(clock, server.client(quick), 'b')
  a.start()
  await clock.advance(10)
  b.start()
  await clock.advance(31_000)
  dead = true
  await clock.advance(ELECTION_TIMES.leaseMs + 2 * ELECTION_TIMES.retryMs)
  assert.ok(b.leads())
  assert.deepEqual(a.events, ['elected', 'lost'])
})

test('a leader that cannot reach the server, or gets no answer, stops in time', async () => {
  for (const network of [
    { beforeMs: 1, afterMs: 1, lost: 'request' as const },
    { beforeMs: 600_000, afterMs: 1 },
  ]) {
    const clock = createFakeClock()
    let cut = false
    const a = replica(
      clock,
      leaseServer(clock).client(() => (cut ? network : quick())),
      'a',
    )
    a.start()
    await clock.advance(20_000)
    assert.ok(a.leads())
    cut = true
    await clock.advance(ELECTION_TIMES.renewMs)
    assert.deepEqual(a.events, ['elected', 'lost'])
  }
})

test('an election that does not turn is a problem, one that has not begun is none', async () => {
  const clock = createFakeClock()
  const a = replica(clock, { read: () => new Promise(() => {}), write: () => new Promise(() => {}) }, 'a')
  await clock.advance(600_000)
  assert.equal(a.problem(), undefined)
  a.start()
  // A server that puts off what is asked of it is no reason to end, and least of all for those that wait.
  await clock.advance(400_000)
  assert.equal(a.problem(), undefined)
  await clock.advance(90_000)
  assert.match(a.problem() ?? '', /stood still/)
})

test('a leader that reads another holder stops at once, and a deleted lease is made again', async () => {
  const clock = createFakeClock()
  const server = leaseServer(clock)
  const a = replica(clock, server.client(quick), 'a')
  a.start()
  await clock.advance(10)
  server.remove()
  await clock.advance(5_000)
  assert.ok(a.leads())
  assert.equal(server.stored()?.record.holder, 'a')
  const { record, version } = server.stored() ?? {}
  assert.ok(record)
  const write = server.client(quick).write({ ...record, holder: 'somebody' }, version)
  await clock.advance(2_100)
  await write
  assert.deepEqual(a.events, ['elected', 'lost'])
})

test('whatever the network does, no two lead at the same time', async () => {
  const answer = fc.record({
    beforeMs: fc.integer({ min: 0, max: 14_000 }),
    afterMs: fc.integer({ min: 0, max: 14_000 }),
    lost: fc.constantFrom(undefined, undefined, undefined, 'request' as const, 'answer' as const),
  })
  let elections = 0
  let losses = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(answer, answer, answer), { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 6_000 }), { minLength: 40, maxLength: 40 }),
      async (weather, steps) => {
        const clock = createFakeClock()
        const server = leaseServer(clock)
        let most = 0
        const replicas: ReturnType<typeof replica>[] = ['a', 'b', 'c'].map((name, index) => {
          let call = 0
          return replica(
            clock,
            server.client(() => {
              const met = weather[call++ % weather.length]?.[index]
              if (!met) return quick()
              const { lost, ...times } = met
              return lost ? { ...times, lost } : times
            }),
            name,
            () => {
              most = Math.max(most, replicas.filter((one) => one.leads()).length)
            },
          )
        })
        for (const one of replicas) one.start()
        for (const step of steps) await clock.advance(step)
        assert.ok(most <= 1, 'two led at the same time')
        elections += most
        losses += replicas.filter(({ events }) => events.includes('lost')).length
        const stops = replicas.map((one) => one.stop())
        // The four calls that a stop may have to wait for, at the worst of this weather.
        await clock.advance(4 * 28_000)
        await Promise.all(stops)
      },
    ),
    { numRuns: 60 },
  )
  assert.ok(elections > 0 && losses > 0, 'the weather was neither good nor bad')
})

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { until } from '../testing/index.ts'
import { type Bus, BusCallError } from './bus.ts'

/** A place where buses meet, whose middle can be taken away. */
export type BusWorld = {
  /** A started bus, as another process would have it; stopped after the test. */
  join(): Promise<Bus>
  /** Redis vanishes. */
  cut(): Promise<void>
  restore(): Promise<void>
}

const timeoutMs = 5_000

/** What every bus promises. */
export function busConformance(name: string, createWorld: (t: TestContext) => Promise<BusWorld>): void {
  describe(`${name} as a Bus`, () => {
    test('a message reaches all who are subscribed, in order, and nobody else', async (t) => {
      const world = await createWorld(t)
      const [a, b] = [await world.join(), await world.join()]
      const seen: Record<string, unknown[]> = { a: [], b: [], other: [] }
      const subscriptions = [
        a.subscribe('events', (message) => seen.a?.push(message)),
        b.subscribe('events', (message) => seen.b?.push(message)),
        b.subscribe('event', (message) => seen.other?.push(message)),
      ]
      await Promise.all(subscriptions.map((subscription) => subscription.ready))
      for (const n of [1, 2, 3]) assert.equal(await a.publish('events', { n }), true)
      await until(() => seen.a?.length === 3 && seen.b?.length === 3)
      assert.deepEqual(seen.b, [{ n: 1 }, { n: 2 }, { n: 3 }])
      assert.deepEqual(seen.other, [])

      subscriptions[1]?.stop()
      await a.publish('events', 'after')
      await until(() => seen.a?.length === 4)
      assert.equal(seen.b?.length, 3)
    })

    test('a listener that throws does not disturb the others', async (t) => {
      const bus = await (await createWorld(t)).join()
      const seen: unknown[] = []
      const bad = bus.subscribe('x', () => {
        throw new Error('listener')
      })
      const rejecting = bus.subscribe('x', () => Promise.reject(new Error('listener')))
      const good = bus.subscribe('x', (message) => seen.push(message))
      await Promise.all([bad.ready, rejecting.ready, good.ready])
      await bus.publish('x', 1)
      await until(() => seen.length === 1)
    })

    test('a call is answered, with the result or with the error of the responder', async (t) => {
      const world = await createWorld(t)
      const [client, server] = [await world.join(), await world.join()]
      const serving = server.serve('sales', async (request) => {
        if (request === 'fail')
          throw Object.assign(new Error('not paired'), { code: 'not_paired', details: { since: 1 } })
        if (request === 'crash') throw new Error('secret inside')
        return { echo: request }
      })
      await serving.ready
      assert.deepEqual(await client.call('sales', [1, 'zwei'], { timeoutMs }), { echo: [1, 'zwei'] })
      await assert.rejects(client.call('sales', 'fail', { timeoutMs }), (error) => {
        assert.ok(error instanceof BusCallError)
        assert.deepEqual([error.kind, error.code, error.details], ['remote', 'not_paired', { since: 1 }])
        assert.equal(error.message, 'not paired')
        return true
      })
      await assert.rejects(client.call('sales', 'crash', { timeoutMs }), {
        code: 'internal',
        message: 'The call failed',
      })
      const many = Array.from({ length: 200 }, (_, n) => client.call('sales', n, { timeoutMs }))
      assert.deepEqual(
        await Promise.all(many),
        many.map((_, n) => ({ echo: n })),
      )
    })

    test('a call to nobody fails at once, one without answer in time', async (t) => {
      const world = await createWorld(t)
      const [client, server] = [await world.join(), await world.join()]
      await assert.rejects(client.call('nobody', 1, { timeoutMs: 60_000 }), { kind: 'no-responder' })
      const serving = server.serve('mute', () => new Promise(() => {}))
      await serving.ready
      await assert.rejects(client.call('mute', 1, { timeoutMs: 30 }), { kind: 'timeout' })
      serving.stop()
      await until(() =>
        client.call('mute', 1, { timeoutMs: 30 }).catch((error) => error.kind === 'no-responder'),
      )
    })

    test('a repeated call id is answered again but handled once', async (t) => {
      const world = await createWorld(t)
      const [client, server] = [await world.join(), await world.join()]
      let handled = 0
      await server.serve('sales', () => ++handled).ready
      assert.equal(await client.call('sales', 1, { timeoutMs, id: 'call-1' }), 1)
      assert.equal(await client.call('sales', 1, { timeoutMs, id: 'call-1' }), 1)
      assert.equal(await client.call('sales', 1, { timeoutMs, id: 'call-2' }), 2)
    })

    test('wake-ups are merged while the listener runs, and none is lost', async (t) => {
      const world = await createWorld(t)
      const [waker, sleeper] = [await world.join(), await world.join()]
      let runs = 0
      let running = 0
      let gate = Promise.withResolvers<void>()
      const waking = sleeper.onWake('queue', async () => {
        runs++
        assert.equal(++running, 1, 'never two at a time')
        await gate.promise
        running--
      })
      await waking.ready
      // The first run comes by itself: something may have happened before.
      await until(() => runs === 1)
      const received = sleeper.stats().received
      for (let n = 0; n < 50; n++) waker.wake('queue')
      await until(() => sleeper.stats().received === received + 50)
      gate.resolve()
      gate = Promise.withResolvers<void>()
      await until(() => runs === 2)
      gate.resolve()
      waker.wake('queue')
      await until(() => runs === 3)
    })

    test('without Redis nothing throws or waits, and afterwards all is in place again', async (t) => {
      const world = await createWorld(t)
      const [a, b] = [await world.join(), await world.join()]
      const seen: unknown[] = []
      let resyncs = 0
      let wakes = 0
      b.onResynced(() => resyncs++)
      await b.subscribe('events', (message) => seen.push(message)).ready
      await b.serve('sales', () => 'here').ready
      await b.onWake('queue', () => wakes++).ready
      await until(() => wakes === 1)

      await world.cut()
      await until(() => !a.connected() && !b.connected(), { describe: 'the loss to be noticed' })
      assert.equal(await a.publish('events', 'lost'), false)
      assert.ok(a.stats().dropped >= 1)
      await assert.rejects(a.call('sales', 1, { timeoutMs: 200 }), { kind: 'offline' })
      a.wake('queue')
      const late: unknown[] = []
      const subscribedAway = b.subscribe('late', (message) => late.push(message))

      await world.restore()
      await until(() => a.connected() && b.connected(), { timeoutMs: 20_000, describe: 'the reconnection' })
      await subscribedAway.ready
      await until(() => resyncs === 1 && wakes >= 2)
      assert.equal(await a.publish('events', 'found'), true)
      assert.equal(await a.publish('late', 'too'), true)
      await until(() => seen.length === 1 && late.length === 1)
      assert.deepEqual([seen, late], [['found'], ['too']])
      assert.equal(await a.call('sales', 1, { timeoutMs }), 'here')
      assert.equal(b.stats().resyncs, 1)
    })

    test('a bus that was stopped is quiet, and its calls have ended', async (t) => {
      const world = await createWorld(t)
      const [a, b] = [await world.join(), await world.join()]
      await b.serve('mute', () => new Promise(() => {})).ready
      const hanging = assert.rejects(a.call('mute', 1, { timeoutMs: 60_000 }), { kind: 'offline' })
      const seen: unknown[] = []
      await a.subscribe('events', (message) => seen.push(message)).ready
      await a.stop()
      await hanging
      assert.equal(a.connected(), false)
      assert.equal(await a.publish('events', 1), false)
      assert.equal(await b.publish('events', 1), true)
      assert.deepEqual(seen, [])
    })
  })
}

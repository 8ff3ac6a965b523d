import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../clock/index.ts'
import { createMemoryLogger } from '../../logger/index.ts'
import type { KubernetesList, WatchEvent } from './api.ts'
import { createCache } from './cache.ts'
import { errorOf, unreachable } from './errors.ts'
import { createReflector, type WatchEnd } from './reflector.ts'

type Thing = { metadata: { namespace: string; name: string; uid: string; resourceVersion: string } }

const thing = (name: string, version: number, uid = name): Thing => ({
  metadata: { namespace: 'shop', name, uid, resourceVersion: String(version) },
})
const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: Thing): WatchEvent<Thing> => ({
  type,
  object,
})

/** An API server whose answers the test gives, one by one. */
function setUp() {
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const asked: string[] = []
  const lists: (KubernetesList<Thing> | Error)[] = []
  let watch = Promise.withResolvers<WatchEvent<Thing> | Error | 'closed'>()
  const ends: WatchEnd[] = []
  const cache = createCache<Thing>({ clock, onChange: ({ name }) => asked.push(`told ${name}`) })
  const reflector = createReflector<Thing>({
    name: 'things',
    sink: cache,
    clock,
    logger,
    random: () => 0.5,
    observer: { listed() {}, watchEnded: (why) => ends.push(why) },
    source: {
      async list({ continueToken, limit }) {
        asked.push(`list ${continueToken ?? ''} ${limit}`)
        const answer = lists.shift() ?? { metadata: { resourceVersion: '1' }, items: [] }
        if (answer instanceof Error) throw answer
        return answer
      },
      async *watch({ resourceVersion, timeoutSeconds }, signal) {
        asked.push(`watch ${resourceVersion} ${timeoutSeconds}`)
        const aborted = new Promise<Error>((resolve) => {
          signal.addEventListener('abort', () => resolve(unreachable(signal.reason)))
        })
        for (;;) {
          const next = await Promise.race([watch.promise, aborted])
          if (next instanceof Error) {
            watch = Promise.withResolvers()
            throw next
          }
          watch = Promise.withResolvers()
          if (next === 'closed') return
          yield next
        }
      },
    },
  })
  return {
    clock,
    logger,
    asked,
    lists,
    ends,
    cache,
    reflector,
    /** What the open watch says next. */
    async says(next: WatchEvent<Thing> | Error | 'closed') {
      watch.resolve(next)
      await clock.advance(0)
    },
    seen: () => cache.keys().map((key) => `${key} ${cache.at(key)?.metadata.resourceVersion}`),
  }
}

test('lists page by page, then follows the watch, which is resumed when it closes in order', async () => {
  const it = setUp()
  it.lists.push(
    { metadata: { resourceVersion: '7', continue: 'more' }, items: [thing('a', 3)] },
    { metadata: { resourceVersion: '7', continue: '' }, items: [thing('b', 5)] },
  )
  it.reflector.start()
  await it.clock.advance(0)
  await it.reflector.synced
  assert.deepEqual(it.asked, ['list  500', 'list more 500', 'told a', 'told b', 'watch 7 450'])
  await it.says(event('MODIFIED', thing('a', 8)))
  await it.says(event('DELETED', thing('b', 9)))
  await it.says(event('BOOKMARK', thing('', 12)))
  assert.deepEqual(it.seen(), ['shop/a 8'])
  it.asked.length = 0
  await it.says('closed')
  await it.clock.advance(0)
  assert.deepEqual(it.asked, ['watch 12 450'])
  assert.deepEqual(it.ends, ['closed'])
  await it.reflector.stop()
  assert.equal(it.clock.pendingTimers(), 0)
})

test('every error leads to a new list, after pauses that grow', async () => {
  const it = setUp()
  it.lists.push(new Error('a'), new Error('b'), new Error('c'))
  it.reflector.start()
  await it.clock.advance(0)
  for (const pause of [400, 800, 1_600]) {
    const before = it.asked.length
    await it.clock.advance(pause - 1)
    assert.equal(it.asked.length, before)
    await it.clock.advance(1)
    assert.ok(it.asked.length > before)
  }
  await it.reflector.synced
  await it.clock.advance(6_000)
  const gone = { code: 410, reason: 'Expired' }
  for (const [what, why] of [
    [new Error('ECONNRESET'), 'error'],
    [{ type: 'ERROR', object: gone } as WatchEvent<Thing>, 'expired'],
    [errorOf(410, gone), 'expired'],
  ] as const) {
    it.asked.length = 0
    await it.says(what)
    await it.clock.advance(10_000)
    assert.deepEqual(it.asked, ['list  500', 'watch 1 450'])
    assert.equal(it.ends.at(-1), why)
  }
  await it.reflector.stop()
})

test('a watch that says nothing for 90 seconds is dead', async () => {
  const it = setUp()
  it.reflector.start()
  await it.clock.advance(60_000)
  await it.says(event('BOOKMARK', thing('', 2)))
  await it.clock.advance(89_000)
  assert.deepEqual(it.ends, [])
  assert.ok(it.reflector.silentSeconds() > 88)
  it.asked.length = 0
  await it.clock.advance(3_000)
  assert.deepEqual(it.ends, ['silent'])
  assert.deepEqual(it.asked, ['list  500', 'watch 1 450'])
  await it.reflector.stop()
})

test('watches that are closed at once make no storm', async () => {
  const it = setUp()
  it.reflector.start()
  await it.clock.advance(0)
  for (let second = 0; second < 60; second++) {
    await it.says('closed')
    await it.clock.advance(1_000)
  }
  const lists = it.asked.filter((one) => one.startsWith('list')).length
  assert.ok(lists < 10, `${lists} lists in a minute`)
  await it.reflector.stop()
})

test('what was removed and made again while nobody watched is another object', async () => {
  const it = setUp()
  it.lists.push({ metadata: { resourceVersion: '3' }, items: [thing('a', 3), thing('b', 2)] })
  it.reflector.start()
  await it.clock.advance(6_000)
  it.lists.push({ metadata: { resourceVersion: '9' }, items: [thing('a', 8, 'another')] })
  it.asked.length = 0
  await it.says(new Error('ECONNRESET'))
  await it.clock.advance(1_000)
  assert.deepEqual(it.asked, ['list  500', 'told a', 'told b', 'watch 9 450'])
  assert.equal(it.cache.get({ namespace: 'shop', name: 'a' })?.metadata.uid, 'another')
  await it.reflector.stop()
})

test('standing still is a problem, an API server that is away is none', async () => {
  const it = setUp()
  it.lists.push(...Array.from({ length: 100 }, () => new Error('ECONNREFUSED')))
  it.reflector.start()
  await it.clock.advance(600_000)
  assert.equal(it.reflector.problem(), undefined)
  await it.reflector.stop()
  const stuck = createReflector<Thing>({
    name: 'things',
    sink: it.cache,
    clock: it.clock,
    logger: it.logger,
    random: () => 0.5,
    source: { list: () => new Promise(() => {}), async *watch() {} },
  })
  stuck.start()
  await it.clock.advance(301_000)
  assert.match(stuck.problem() ?? '', /reflector of things has stood still for 5 minutes/)
})

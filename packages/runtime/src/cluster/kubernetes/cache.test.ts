import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFakeClock } from '../../clock/index.ts'
import { type Cached, createCache, type Write } from './cache.ts'

type Thing = Cached & { readonly team: string }

const KEY = { namespace: 'shop', name: 'a' }
const thing = (version: number, { uid = 'u1', name = 'a', team = 'red' } = {}): Thing => ({
  metadata: { namespace: 'shop', name, uid, resourceVersion: `v${version}` },
  team,
})

function setUp() {
  const clock = createFakeClock()
  const changed: string[] = []
  const cache = createCache<Thing>({
    clock,
    onChange: ({ name }) => changed.push(name),
    groupOf: ({ team }) => team,
  })
  const shown = () => cache.get(KEY)?.metadata.resourceVersion
  return { clock, cache, changed, shown }
}

test('finds by key, in order and by group, and tells of changes only', () => {
  const { cache, changed } = setUp()
  cache.replace([thing(1, { name: 'b', uid: 'u2' }), thing(2)], cache.listing())
  assert.deepEqual(cache.keys(), ['shop/a', 'shop/b'])
  cache.put(thing(2))
  assert.deepEqual(changed, ['b', 'a'], 'the same version is no change')
  cache.put(thing(3, { team: 'blue' }))
  assert.deepEqual(
    [...cache.group('red')].map(({ metadata }) => metadata.name),
    ['b'],
  )
  assert.equal([...cache.group('blue')].length, 1)
  cache.remove(thing(3))
  assert.deepEqual([...cache.group('blue')], [])
  assert.deepEqual(cache.keys(), ['shop/b'])
})

test('of objects that others write, a change of what nobody reads is none', () => {
  const changed: string[] = []
  const cache = createCache<Thing>({
    clock: createFakeClock(),
    onChange: ({ name }) => changed.push(name),
    alike: (a, b) => a.team === b.team,
  })
  cache.put(thing(1))
  cache.put(thing(2))
  cache.replace([thing(3)], cache.listing())
  assert.deepEqual(changed, ['a'])
  cache.put(thing(4, { team: 'blue' }))
  cache.put(thing(5, { uid: 'u2', team: 'blue' }))
  assert.deepEqual(changed, ['a', 'a', 'a'], 'another value, and another object under the name')
  assert.equal(cache.get(KEY)?.metadata.uid, 'u2')
})

test('a list of one namespace leaves the others alone, and an object that came again under its name is another', () => {
  const { cache, changed } = setUp()
  cache.put(thing(1))
  cache.put({ ...thing(2), metadata: { ...thing(2).metadata, namespace: 'bank' } })
  cache.replace([], cache.listing(), 'shop')
  assert.deepEqual(cache.keys(), ['bank/a'])
  cache.replace([thing(3)], cache.listing(), 'shop')
  changed.length = 0
  cache.replace([thing(9, { uid: 'u2' })], cache.listing(), 'shop')
  assert.deepEqual(changed, ['a'])
  assert.equal(cache.get(KEY)?.metadata.uid, 'u2')
})

test('what we wrote stands in front of older news, until its own come', () => {
  const { cache, shown } = setUp()
  cache.put(thing(1))
  const write = cache.write(KEY)
  write.wrote(thing(3))
  write.end()
  assert.equal(shown(), 'v3')
  cache.put(thing(2))
  assert.equal(shown(), 'v3', 'news from before our write')
  cache.put(thing(3))
  cache.put(thing(4))
  assert.equal(shown(), 'v4')
})

test('an answer that comes after its own news, and after newer ones, changes nothing', () => {
  const { cache, shown } = setUp()
  cache.put(thing(1))
  const write = cache.write(KEY)
  cache.put(thing(2))
  cache.put(thing(3))
  write.wrote(thing(2))
  write.end()
  assert.equal(shown(), 'v3')
  const unchanged = cache.write(KEY)
  unchanged.wrote(thing(3))
  unchanged.end()
  cache.put(thing(4))
  assert.equal(shown(), 'v4', 'a write that changed nothing waits for no news')
})

test('what we removed is gone at once, and its successor is not taken for it', () => {
  const { cache, shown } = setUp()
  cache.put(thing(1))
  const removal = cache.write(KEY)
  removal.removed('u1')
  removal.end()
  assert.equal(shown(), undefined)
  cache.put(thing(2))
  assert.equal(shown(), undefined, 'a last change from before the removal')
  const creation = cache.write(KEY)
  creation.wrote(thing(5, { uid: 'u2' }))
  creation.end()
  cache.remove(thing(4))
  assert.equal(shown(), 'v5')
  cache.put(thing(5, { uid: 'u2' }))
  cache.remove(thing(6, { uid: 'u2' }))
  assert.equal(shown(), undefined)
})

test('a list that began after the write is right, one that overlapped with it is believed after a while', async () => {
  const { cache, shown, clock } = setUp()
  const overlapped = cache.listing()
  const write = cache.write(KEY)
  write.wrote(thing(2))
  write.end()
  cache.replace([thing(1)], overlapped)
  assert.equal(shown(), 'v2')
  await clock.advance(10_000)
  assert.equal(shown(), 'v1')
  const again = cache.write(KEY)
  again.wrote(thing(3))
  again.end()
  cache.replace([thing(4)], cache.listing())
  assert.equal(shown(), 'v4')
  assert.equal(clock.pendingTimers(), 0)
})

test('reads show own writes at once and the truth in the end, in whatever order news and answers come', async () => {
  const names = ['a', 'b'] as const
  const step = fc.record({
    op: fc.constantFrom(
      'other',
      'otherRemoves',
      'begin',
      'serve',
      'serveRemoval',
      'answer',
      'tell',
      'tell',
      'break',
      'list',
    ),
    name: fc.constantFrom(...names),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const clock = createFakeClock()
      const cache = createCache<Thing>({ clock, onChange: () => {} })
      /** The API server: what is stored, and everything that happened, in order. */
      const stored = new Map<string, Thing>()
      const log: { readonly object: Thing; readonly removed: boolean }[] = []
      let told = 0
      let listing: { token: number; snapshot?: { objects: Thing[]; at: number } } | undefined
      const writes = new Map<string, { write: Write<Thing>; answer?: Thing; removed?: boolean }>()
      /** Version below which a key must not be seen any more. */
      const floor = new Map<string, number>()

      const put = (name: string): Thing => {
        const uid = stored.get(name)?.metadata.uid ?? `u${log.length}`
        const object = thing(log.length + 1, { name, uid })
        stored.set(name, object)
        log.push({ object, removed: false })
        return object
      }
      const remove = (name: string): Thing | undefined => {
        const before = stored.get(name)
        if (!before) return undefined
        stored.delete(name)
        log.push({ object: thing(log.length + 1, { name, uid: before.metadata.uid }), removed: true })
        return before
      }
      const tell = () => {
        const news = log[told]
        if (!news) return
        told += 1
        if (news.removed) cache.remove(news.object)
        else cache.put(news.object)
      }
      /** First the server makes the list, then it arrives. */
      const list = () => {
        if (!listing) return
        if (!listing.snapshot) {
          listing.snapshot = { objects: [...stored.values()], at: log.length }
          return
        }
        cache.replace(listing.snapshot.objects, listing.token)
        told = listing.snapshot.at
        listing = undefined
      }
      const answer = (name: string) => {
        const own = writes.get(name)
        if (!own) return
        if (own.answer && own.removed) own.write.removed(own.answer.metadata.uid)
        else if (own.answer) own.write.wrote(own.answer)
        own.write.end()
        writes.delete(name)
        if (own.answer && !own.removed)
          floor.set(
            name,
            Math.max(floor.get(name) ?? 0, Number(own.answer.metadata.resourceVersion.slice(1))),
          )
      }
      const run: Record<string, (name: string) => void> = {
        other: put,
        otherRemoves: remove,
        begin(name) {
          if (!writes.has(name)) writes.set(name, { write: cache.write({ namespace: 'shop', name }) })
        },
        serve(name) {
          const own = writes.get(name)
          if (own && !own.answer) own.answer = put(name)
        },
        serveRemoval(name) {
          const own = writes.get(name)
          const before = own && !own.answer ? remove(name) : undefined
          if (own && before) Object.assign(own, { answer: before, removed: true })
        },
        answer,
        tell: () => listing ?? tell(),
        break() {
          listing ??= { token: cache.listing() }
        },
        list,
      }
      const check = () => {
        for (const [name, least] of floor) {
          const seen = cache.get({ namespace: 'shop', name })
          const version = Number(seen?.metadata.resourceVersion.slice(1))
          const removedSince = log
            .slice(least)
            .some(({ object, removed }) => removed && object.metadata.name === name)
          assert.ok(seen ? version >= least : removedSince, `${name} is older than what was written`)
        }
      }
      for (const { op, name } of steps) {
        run[op]?.(name)
        check()
      }
      for (const name of names) answer(name)
      list()
      list()
      while (told < log.length) tell()
      await clock.advance(10_000)
      for (const name of names)
        assert.deepEqual(cache.get({ namespace: 'shop', name })?.metadata, stored.get(name)?.metadata)
    }),
    { numRuns: 2_000 },
  )
})

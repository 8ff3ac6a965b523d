import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WarrenError } from '@warren/contracts'
import { createFakeClock, systemClock } from '@warren/runtime/clock'
import { createMemorySessionStore, type SessionWriter, type Takeover } from '@warren/runtime/session-store'
import fc from 'fast-check'
import { createJournal, type JournalDraft } from '../session/journal.ts'
import { createCommitter } from './committer.ts'
import { createFolder } from './folder.ts'
import { loadInto } from './load.ts'
import { createSealer } from './sealer.ts'
import { type Change, createState, type SessionState } from './state.ts'
import { createUnfolded } from './unfolded.ts'

const instance = 'test.one'
const sealer = createSealer([{ id: 1, bytes: new Uint8Array(32) }], instance)
const request = { instance, organization: 'acme', ttlMs: 60_000 }
const entry = (at: Date): JournalDraft => ({ type: 'identity.mapped', at, data: { lid: 'l', pn: 'p' } })

function openOn(
  writer: SessionWriter,
  takeover: Takeover,
  options: { every?: number; clock?: typeof systemClock } = {},
) {
  const { lease, n, seq, folded } = takeover
  const { clock = systemClock } = options
  const state = createState(createJournal(seq))
  const unfolded = createUnfolded()
  const failures: unknown[] = []
  const committer = createCommitter({
    state,
    writer,
    lease,
    n,
    sealer,
    unfolded,
    clock,
    busy: () => false,
    onFatal: (error) => failures.push(error),
  })
  const folder = createFolder({
    writer,
    lease,
    sealer,
    unfolded,
    committer,
    folded,
    every: options.every ?? 200,
    onError: (error) => failures.push(error),
  })
  committer.onDurable(() => folder.consider())
  return {
    state,
    committer,
    folder,
    failures,
    load: () => loadInto(state, unfolded, { writer, takeover, sealer }),
  }
}

const contentOf = (state: SessionState) => Object.fromEntries([...state.all('session')].sort())

test('what is durable is what the next holder finds: at any point of a crash, with folds in between', async () => {
  const change: fc.Arbitrary<Change> = fc.record({
    type: fc.constant('session'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.option(fc.nat(1000), { nil: undefined }),
  })
  const group = fc.record({
    changes: fc.array(change, { maxLength: 3 }),
    entries: fc.nat(2),
    pause: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(group, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      async (lives) => {
        const clock = createFakeClock()
        const store = createMemorySessionStore(clock)
        for (const [index, life] of lives.entries()) {
          await clock.advance(120_000)
          const takeover = await store.acquire({ ...request, holder: `h${index}` })
          const pod = openOn(store, takeover, { every: 3 })
          await pod.load()
          // What a later holder may find: the state after each cut that became durable.
          const snapshots = new Map([[pod.committer.durable(), contentOf(pod.state)]])
          for (const { changes, entries, pause } of life) {
            pod.state.apply(
              changes,
              Array.from({ length: entries }, () => entry(clock.now())),
            )
            snapshots.set(pod.state.mark(), contentOf(pod.state))
            if (pause) await pod.committer.flush()
          }
          // The crash: whatever was not cut is gone with the process.
          pod.committer.stop()
          await new Promise((resolve) => setImmediate(resolve))
          await clock.advance(120_000)
          const next = openOn(store, await store.acquire({ ...request, holder: `check${index}` }))
          await next.load()
          assert.deepEqual(contentOf(next.state), snapshots.get(pod.committer.durable()))
          assert.deepEqual(pod.failures, [])
        }
        const seqs = (await store.journal(`acme/${instance}`, 0, 10_000)).map(({ seq }) => seq)
        assert.deepEqual(
          seqs,
          seqs.map((_, i) => i + 1),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('a commit that fails ends everything: nothing is durable after it, and it is told once', async () => {
  const store = createMemorySessionStore(systemClock)
  const takeover = await store.acquire({ ...request, holder: 'old' })
  const pod = openOn({ ...store, append: () => Promise.reject(new WarrenError('fenced')) }, takeover)
  const before = pod.committer.durable()
  pod.state.apply([{ type: 'session', id: 'a', value: 1 }])
  pod.state.apply([{ type: 'session', id: 'b', value: 2 }])
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(pod.failures.length, 1)
  assert.equal(pod.committer.durable(), before)
})

test('changes of one turn are one commit; lazy ones wait for company, but not long', async () => {
  const clock = createFakeClock()
  const store = createMemorySessionStore(clock)
  const pod = openOn(store, await store.acquire({ ...request, holder: 'h' }), { clock })
  const commits = () => pod.committer.position()
  const start = commits()
  pod.state.apply([{ type: 'session', id: 'a', value: 1 }])
  pod.state.apply([{ type: 'session', id: 'b', value: 2 }])
  await clock.advance(0)
  await pod.committer.flush()
  assert.equal(commits(), start + 1)
  pod.state.apply([{ type: 'session', id: 'a', value: 3 }], [], 'lazy')
  await clock.advance(24)
  assert.equal(commits(), start + 1)
  await clock.advance(1)
  await clock.advance(0)
  assert.equal(commits(), start + 2)
})

test('the busy event loop gets fewer, larger commits', async () => {
  const clock = createFakeClock()
  const store = createMemorySessionStore(clock)
  const { lease, n } = await store.acquire({ ...request, holder: 'h' })
  const state = createState(createJournal(0))
  const unfolded = createUnfolded()
  const committer = createCommitter({
    ...{ state, lease, n, sealer, unfolded, clock },
    writer: store,
    busy: () => true,
    onFatal: (error) => assert.fail(String(error)),
  })
  for (let ms = 0; ms < 60; ms++) {
    state.apply([{ type: 'session', id: 'a', value: ms }])
    await clock.advance(1)
  }
  assert.ok(committer.position() - n <= 5, `${committer.position() - n} commits in 60 ms`)
})

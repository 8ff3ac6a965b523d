import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalEntry } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import type { CursorRepo } from './cursors.ts'
import { createProjector } from './projector.ts'

const SESSION = 'acme/test.one'
const HEAD = 2_000

/** A journal of 2,000 entries before a database that takes so long for each batch, or fails it. */
function rig(apply: (entries: number) => Promise<void>) {
  const clock = createFakeClock()
  const journal = Array.from({ length: HEAD }, (_, index) => ({ seq: index + 1 }) as JournalEntry)
  let seq = 0
  const cursors: CursorRepo = {
    claim: async () => ({ seq, base: 0 }),
    move: async (_session, _owner, to) => {
      seq = to.seq
      return true
    },
    release: async () => {},
    positions: async () => new Map(),
  }
  const batches: number[] = []
  const projector = createProjector({
    sessions: {
      session: async () => null,
      journal: async (_key, after, limit) =>
        journal.slice(after, after + limit).map((entry) => ({ ...entry, epoch: 1 })),
    },
    cursors,
    async apply(_scope, entries) {
      batches.push(entries.length)
      await apply(entries.length)
    },
    forget: async () => {},
    ...{ owner: 'worker', clock, logger: silentLogger },
  })
  return { clock, batches, projector, position: () => seq }
}

test('what the database cannot do in one piece is given to it in smaller ones, until it can', async () => {
  const { projector, batches, position } = rig(async (entries) => {
    if (entries > 40) throw new Error('timed out')
  })
  for (let attempt = 0; attempt < 4; attempt++) await assert.rejects(projector.catchUp(SESSION))
  assert.equal(position(), 0)
  // It tries larger ones again, and falls back: each attempt brings it further.
  while (position() < HEAD) {
    const before = position()
    await projector.catchUp(SESSION).catch(() => {})
    assert.ok(position() > before)
  }
  assert.deepEqual(batches.slice(0, 5), [500, 250, 125, 62, 31])
})

test('a slow database gets small batches, and large ones again once it is fast', async () => {
  let msAnEntry = 10
  const { clock, projector, batches } = rig((entries) => clock.sleep(entries * msAnEntry))
  const done = projector.catchUp(SESSION)
  await clock.advance(5_000)
  await clock.advance(2_500)
  msAnEntry = 0
  await clock.advance(60_000)
  await done
  assert.deepEqual(batches.slice(0, 3), [500, 250, 125])
  assert.ok(Math.max(...batches.slice(3)) >= 500, String(batches))
})

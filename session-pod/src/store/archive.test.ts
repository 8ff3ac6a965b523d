import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import type { Lease } from '@warren/runtime/session-store'
import { createJournal } from '../session/journal.ts'
import { createArchive } from './archive.ts'
import type { Sealer } from './sealer.ts'
import { createState } from './state.ts'
import { createUnfolded } from './unfolded.ts'

test('a record is found while the commit that brings it to the archive is under way', async () => {
  const state = createState(createJournal(0))
  const archive = createArchive({
    writer: { archived: async () => undefined },
    lease: {} as Lease,
    sealer: {} as Sealer,
    unfolded: createUnfolded(),
    state,
    clock: createFakeClock(),
  })
  state.apply([{ type: 'sent', id: 'M1', value: 'bytes', expiresAt: new Date() }])
  assert.equal(await archive.read('sent', 'M1'), 'bytes')
  state.cut()
  assert.equal(await archive.read('sent', 'M1'), 'bytes')
  state.apply([{ type: 'sent', id: 'M2', value: 'other', expiresAt: new Date() }])
  state.cut()
  assert.deepEqual([await archive.read('sent', 'M1'), await archive.read('sent', 'M2')], [undefined, 'other'])
})

test('a record is read again when the database is away for a moment, and not when it refuses', async () => {
  const clock = createFakeClock()
  let error: Error | undefined = Object.assign(new Error('no primary'), { name: 'MongoNetworkError' })
  const archive = createArchive({
    writer: {
      async archived() {
        if (error) throw error
        return { type: 'sent', id: 'M1', n: 3, sealed: new Uint8Array() }
      },
    },
    lease: {} as Lease,
    sealer: { openValue: () => '"bytes"' } as unknown as Sealer,
    unfolded: createUnfolded(),
    state: createState(createJournal(0)),
    clock,
  })
  const reading = archive.read('sent', 'M1')
  await clock.advance(3_000)
  error = undefined
  await clock.advance(500)
  assert.equal(await reading, 'bytes')
  error = new Error('refused')
  await assert.rejects(archive.read('sent', 'M1'), /refused/)
})

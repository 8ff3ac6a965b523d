import assert from 'node:assert/strict'
import { test } from 'node:test'
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
  })
  state.apply([{ type: 'sent', id: 'M1', value: 'bytes', expiresAt: new Date() }])
  assert.equal(await archive.read('sent', 'M1'), 'bytes')
  state.cut()
  assert.equal(await archive.read('sent', 'M1'), 'bytes')
  state.apply([{ type: 'sent', id: 'M2', value: 'other', expiresAt: new Date() }])
  state.cut()
  assert.deepEqual([await archive.read('sent', 'M1'), await archive.read('sent', 'M2')], [undefined, 'other'])
})

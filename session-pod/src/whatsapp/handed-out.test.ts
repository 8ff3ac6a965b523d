import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '../session/journal.ts'
import { createGroups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { createHandedOut } from './handed-out.ts'

const GROUP = '1@g.us'

function setUp() {
  const state = createState(createJournal(0))
  const handed = createHandedOut(state, createGroups(state))
  const relay = (id: string, devices: object) =>
    handed.relaying(id, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      handed.set(GROUP, { ...(handed.get(GROUP) as object | undefined), ...devices })
    })
  const stored = () => state.get('sender-key-memory', GROUP)
  return { handed, relay, stored }
}

test('what a message handed out is stored when the server has taken it, and not before', async () => {
  const { handed, relay, stored } = setUp()
  await relay('A', { ada: true })
  await relay('B', { bob: true })
  assert.deepEqual(handed.get(GROUP), { ada: true, bob: true })
  assert.equal(stored(), undefined)
  handed.answered('A', true)
  assert.deepEqual(stored(), { ada: true })
  handed.answered('B', true)
  handed.answered('B', true)
  assert.deepEqual(stored(), { ada: true, bob: true })
})

test('what was refused, or not answered on a connection that ended, is handed out again', async () => {
  const { handed, relay, stored } = setUp()
  await relay('A', { ada: true })
  handed.answered('A', true)
  await relay('B', { bob: true })
  await relay('C', {})
  handed.answered('B', false)
  // The one after it counted on what was refused.
  handed.answered('C', true)
  assert.deepEqual([stored(), handed.get(GROUP)], [{ ada: true }, { ada: true }])
  await relay('D', { dora: true })
  handed.reset()
  handed.answered('D', true)
  assert.deepEqual([stored(), handed.get(GROUP)], [{ ada: true }, { ada: true }])
})

test('who asks for a message again has everyone handed the key anew', async () => {
  const { handed, relay, stored } = setUp()
  await relay('A', { ada: true })
  handed.answered('A', true)
  await relay('B', { bob: true })
  handed.set(GROUP, undefined)
  handed.answered('B', true)
  assert.deepEqual([stored(), handed.get(GROUP)], [undefined, undefined])
  handed.set(GROUP, { ada: true })
  assert.deepEqual([stored(), handed.get(GROUP)], [undefined, { ada: true }])
  await relay('C', {})
  handed.answered('C', true)
  assert.deepEqual(stored(), { ada: true })
})

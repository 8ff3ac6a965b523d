import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJournal } from '../session/journal.ts'
import { createGroups } from './groups.ts'
import { createState } from './state.ts'

function setUp() {
  const state = createState(createJournal(0))
  return { state, groups: createGroups(state) }
}
const put = (id: string, value: unknown) => ({ type: 'session', id, value })
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a group is seen from inside at once, from outside when it is over, and not at all when it fails', async () => {
  const { state, groups } = setUp()
  await groups.run(async () => {
    groups.put(put('a', 1))
    await turn()
    assert.equal(groups.get('session', 'a'), 1)
    assert.equal(state.get('session', 'a'), undefined)
  })
  assert.equal(state.get('session', 'a'), 1)
  const failing = groups.run(async () => {
    groups.put(put('a', 2))
    groups.record({ type: 'session.loggedOut', at: new Date(), data: { reason: 'x' } })
    throw new Error('no')
  })
  await assert.rejects(failing, /no/)
  assert.equal(state.get('session', 'a'), 1)
  assert.equal(state.cut()?.entries.length, 0)
})

test('groups run one after the other; inside of one another they are one', async () => {
  const { state, groups } = setUp()
  const order: string[] = []
  const one = groups.run(async () => {
    order.push('one')
    await turn()
    await groups.run(async () => groups.put(put('nested', 1)))
    assert.equal(state.get('session', 'nested'), undefined)
    order.push('one ends')
  })
  const two = groups.run(async () => void order.push('two'))
  await Promise.all([one, two])
  assert.deepEqual(order, ['one', 'one ends', 'two'])
  assert.equal(state.get('session', 'nested'), 1)
})

test('work that outlives its group writes on its own account', async () => {
  const { state, groups } = setUp()
  let detached: Promise<void> | undefined
  await groups.run(async () => {
    detached = turn().then(async () => {
      assert.equal(groups.inside(), false)
      groups.put(put('late', 1))
    })
  })
  await detached
  assert.equal(state.get('session', 'late'), 1)
})

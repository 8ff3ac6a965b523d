import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_SCHEMAS, WarrenError } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import fc from 'fast-check'
import { createJournal } from '../session/journal.ts'
import { createGroups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { createAddressBook, createKnownMessages, HISTORY, type History } from '../whatsapp/index.ts'
import { createHistoryImporter } from './importer.ts'

const MESSAGES = 230
const ALICE = { jid: '491@s.whatsapp.net', pn: '491@s.whatsapp.net' }
const historyOf = (count: number): History => ({
  pairs: [],
  chats: [],
  names: [{ jid: ALICE.jid, name: 'Alice' }],
  messages: Array.from({ length: count }, (_, i) => ({
    key: { remoteJid: ALICE.jid, id: `M${i}`, fromMe: false },
    message: { conversation: `${i}` },
    messageTimestamp: 1_700_000_000 + i,
  })),
})

function setUp() {
  const clock = createFakeClock()
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const known = createKnownMessages(state, groups)
  state.apply([
    { type: HISTORY.notice, id: 'H', value: { notification: new Uint8Array(), at: clock.now().getTime() } },
  ])
  /** @param steps commits after which this process is not heard of again */
  function begin(steps: number, read: () => Promise<History>) {
    let left = steps
    const importer = createHistoryImporter({
      ...{ state, groups, known, clock, read },
      addresses: createAddressBook(state.get),
      own: () => ({ pn: '490@s.whatsapp.net' }),
      learn: () => async () => {},
      onMessage: () => {},
      settled: () => (left-- > 1 ? Promise.resolve() : new Promise(() => {})),
      logger: silentLogger,
    })
    importer.poke()
    return importer
  }
  const entries = () => state.cut()?.entries ?? []
  return { clock, state, known, begin, entries }
}

test('each message is journaled once and in order, however often it is begun anew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }), async (lives) => {
      const { clock, state, begin, entries } = setUp()
      for (const steps of [...lives, Infinity]) {
        begin(steps, async () => historyOf(MESSAGES))
        await clock.advance(0)
      }
      const told = entries()
      for (const { type, data } of told) assert.equal(EVENT_SCHEMAS[type].validate(data).error, undefined)
      assert.deepEqual(
        told.flatMap((entry) => (entry.type === 'message.history' ? entry.data.message.id : [])),
        Array.from({ length: MESSAGES }, (_, i) => `M${i}`),
      )
      assert.equal(told.filter(({ type }) => type === 'contact.updated').length, 1)
      assert.deepEqual([...state.ids(HISTORY.notice), ...state.ids(HISTORY.done)], [])
    }),
    { numRuns: 30 },
  )
})

test('what arrived by itself is left out, and what could not be read is received now', async () => {
  const { clock, state, known, begin, entries } = setUp()
  const at = (id: string) => ({ id, chat: ALICE, sender: ALICE, fromMe: false })
  known.journaled(at('M0'))
  state.apply(known.unread(at('M1'), clock.now()))
  begin(Infinity, async () => historyOf(3))
  await clock.advance(0)
  assert.deepEqual(
    entries().map(({ type }) => type),
    ['contact.updated', 'message.received', 'message.recovered', 'message.history'],
  )
  assert.equal(known.get(at('M2')), 'message')
})

test('it is tried again while the fetch fails, and given up when it is gone or old', async () => {
  const { clock, state, begin, entries } = setUp()
  let attempts = 0
  const importer = begin(Infinity, async () => {
    attempts++
    if (attempts > 6) return historyOf(1)
    throw new Error('no route')
  })
  await clock.advance(3600_000)
  assert.equal(attempts, 7)
  assert.equal(entries().filter(({ type }) => type === 'message.history').length, 1)
  importer.stop()

  for (const gone of [true, false]) {
    const lost = setUp()
    lost.begin(Infinity, async () => {
      throw gone ? new WarrenError('media_unavailable') : new Error('no route')
    })
    await lost.clock.advance(gone ? 0 : 15 * 24 * 3600_000)
    assert.deepEqual([...lost.state.ids(HISTORY.notice)], [])
  }
  assert.deepEqual([...state.ids(HISTORY.notice)], [])
})

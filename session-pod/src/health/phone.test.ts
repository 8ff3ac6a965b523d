import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { createJournal } from '../session/journal.ts'
import { createState, type SessionState } from '../store/state.ts'
import { createPhoneWatch, isFromPhone } from './phone.ts'

const own = { pn: '491@s.whatsapp.net', lid: '777@lid' }
const DAY_MS = 24 * 3600_000

function setUp(clock = createFakeClock(), state: SessionState = createState(createJournal(0))) {
  let changes = 0
  const watch = createPhoneWatch({ state, isLinked: () => true, clock, onChange: () => changes++ })
  const told = () => {
    const found: string[] = []
    for (let cut = state.cut(); cut; cut = state.cut())
      for (const { type, data } of cut.entries) if (type === 'account.phone') found.push(data.state)
    return found
  }
  const message = (from: string, t = Math.floor(clock.now().getTime() / 1000)) =>
    watch.stanza({ tag: 'message', attrs: { id: 'A', from, t: `${t}` } }, own)
  return { clock, state, watch, told, message, changes: () => changes }
}

test('only device 0 of the account is its phone', () => {
  const from = (attrs: Record<string, string>) => isFromPhone({ tag: 'receipt', attrs }, own)
  assert.ok(from({ from: '491@s.whatsapp.net', recipient: '492@s.whatsapp.net' }))
  assert.ok(from({ from: '777@lid' }))
  assert.ok(from({ from: '1-2@g.us', participant: '777@lid' }))
  assert.ok(!from({ from: '491:5@s.whatsapp.net' }))
  assert.ok(!from({ from: '492@s.whatsapp.net' }))
  assert.ok(!from({ from: '1-2@g.us', participant: '492@s.whatsapp.net' }))
})

test('after twelve days without the phone it is told, two days before WhatsApp ends the link; and when it is back', async () => {
  const { clock, watch, told, message, changes } = setUp()
  watch.start()
  const linkedAt = clock.now().getTime()
  await clock.advance(12 * DAY_MS - 3600_000)
  assert.deepEqual([watch.away(), told()], [undefined, []])
  await clock.advance(2 * 3600_000)
  assert.deepEqual(watch.away(), {
    lastSeenAt: new Date(linkedAt),
    unlinksAt: new Date(linkedAt + 14 * DAY_MS),
  })
  const shown = watch.away()
  await clock.advance(6 * 3600_000)
  assert.equal(watch.away(), shown)
  assert.deepEqual([told(), changes()], [['away'], 1])
  message('492@s.whatsapp.net')
  assert.equal(watch.away(), shown)
  message('777@lid')
  assert.deepEqual([watch.away(), told(), changes()], [undefined, ['back'], 2])
  watch.stop()
  assert.equal(clock.pendingTimers(), 0)
})

test('a restarted process knows since when, and tells it once', async () => {
  const first = setUp()
  first.watch.start()
  await first.clock.advance(13 * DAY_MS)
  assert.deepEqual(first.told(), ['away'])
  first.watch.stop()
  const second = setUp(first.clock, first.state)
  second.watch.start()
  assert.ok(second.watch.away())
  assert.deepEqual(second.told(), [])
  second.watch.stop()
})

test('what waited tells of when it was sent, and signs of life are stored once an hour at most', async () => {
  const { clock, state, watch, message } = setUp()
  watch.start()
  await clock.advance(DAY_MS)
  const now = Math.floor(clock.now().getTime() / 1000)
  message('491@s.whatsapp.net', now - 7_200)
  assert.equal(watch.lastSeen()?.getTime(), (now - 7_200) * 1000)
  const writes = state.mark()
  message('491@s.whatsapp.net', now - 7_100)
  assert.equal(state.mark(), writes)
  assert.equal(watch.lastSeen()?.getTime(), (now - 7_100) * 1000)
  watch.stop()
})

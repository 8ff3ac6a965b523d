import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock, systemClock } from '@warren/runtime/clock'
import { createJournal } from '../session/journal.ts'
import type { Groups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { createAddressBook } from './addresses.ts'
import { createTraffic } from './traffic.ts'

test('a message that this device was given nothing to decrypt of leaves a trace, once', () => {
  const state = createState(createJournal(0))
  const unused = () => assert.fail()
  const traffic = createTraffic({
    state,
    groups: { record: unused } as unknown as Groups,
    addresses: createAddressBook(state.get),
    own: () => ({ pn: '490@s.whatsapp.net' }),
    clock: systemClock,
    onAck: unused,
    onReceived: unused,
    onMedia: unused,
    onMessage: unused,
  })
  const stanza = {
    tag: 'message',
    attrs: { id: 'M1', from: '491@s.whatsapp.net', t: '1700000000' },
    content: [{ tag: 'unavailable', attrs: { type: 'view_once' } }],
  }
  traffic.listeners['CB:message']?.(stanza)
  traffic.listeners['CB:message']?.(stanza)
  const told = (state.cut()?.entries ?? []).map((entry) =>
    entry.type === 'message.undecryptable' ? [entry.data.id, entry.data.reason] : [],
  )
  assert.deepEqual(told, [['M1', 'unavailable: view_once']])
})

test('plaintexts that WhatsApp never asked for again are dropped after two weeks, also by a process that is older', async () => {
  const clock = createFakeClock()
  const state = createState(createJournal(0))
  const unused = () => assert.fail()
  const traffic = createTraffic({
    state,
    groups: { record: unused } as unknown as Groups,
    addresses: createAddressBook(state.get),
    own: () => ({}),
    clock,
    onAck: unused,
    onReceived: unused,
    onMedia: unused,
    onMessage: unused,
  })
  const acknowledge = () =>
    traffic.listeners['CB:ack,class:receipt']?.({ tag: 'ack', attrs: { id: 'other' }, content: [] })
  const record = { id: 'M1', plaintext: new Uint8Array(), at: clock.now().getTime() }
  state.apply([{ type: 'inbox', id: 'hash', value: record }])
  acknowledge()
  await clock.advance(13 * 24 * 3_600_000)
  acknowledge()
  assert.deepEqual([...state.ids('inbox')], ['hash'])
  await clock.advance(2 * 24 * 3_600_000)
  acknowledge()
  assert.deepEqual([...state.ids('inbox')], [])
})

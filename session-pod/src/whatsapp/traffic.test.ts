import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@warren/runtime/clock'
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

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock, systemClock } from '@warren/runtime/clock'
import { createJournal } from '../session/journal.ts'
import { createGroups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { createAddressBook } from './addresses.ts'
import { proto } from './baileys.ts'
import { createKnownMessages } from './known-messages.ts'
import { createTraffic } from './traffic.ts'

test('a message that this device was given nothing to decrypt of leaves a trace, once', () => {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const unused = () => assert.fail()
  const traffic = createTraffic({
    state,
    groups,
    known: createKnownMessages(state, groups),
    addresses: createAddressBook(state.get),
    own: () => ({ pn: '490@s.whatsapp.net' }),
    clock: systemClock,
    onAck: unused,
    onReceived: unused,
    onMedia: unused,
    onMessage: unused,
    onStrange: unused,
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

test('a stanza that holds neither a ciphertext nor the word that there is none leaves a trace', () => {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const strange: [string, readonly string[]][] = []
  const unused = () => assert.fail()
  const traffic = createTraffic({
    state,
    groups,
    known: createKnownMessages(state, groups),
    addresses: createAddressBook(state.get, () => ({})),
    own: () => ({ pn: '490@s.whatsapp.net' }),
    clock: systemClock,
    onAck: unused,
    onReceived: unused,
    onMedia: unused,
    onMessage: unused,
    onStrange: (id, inside) => strange.push([id, inside]),
  })
  const attrs = { from: '491@s.whatsapp.net', t: '1700000000' }
  const hear = traffic.listeners['CB:message']
  hear({ tag: 'message', attrs: { ...attrs, id: 'M1' }, content: [{ tag: 'hologram', attrs: {} }] })
  hear({ tag: 'message', attrs: { ...attrs, id: 'M2' } })
  // A post of a channel is not encrypted.
  hear({ tag: 'message', attrs: { ...attrs, id: 'M3' }, content: [{ tag: 'plaintext', attrs: {} }] })
  assert.deepEqual(strange, [
    ['M1', ['hologram']],
    ['M2', []],
  ])
  const told = (state.cut()?.entries ?? []).map((entry) =>
    entry.type === 'message.undecryptable' ? [entry.data.id, entry.data.reason] : [],
  )
  assert.deepEqual(told, [
    ['M1', 'nothing to decrypt but hologram'],
    ['M2', 'nothing to decrypt'],
  ])
})

test('plaintexts that WhatsApp never asked for again are dropped after two weeks, also by a process that is older', async () => {
  const clock = createFakeClock()
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const unused = () => assert.fail()
  const traffic = createTraffic({
    state,
    groups,
    known: createKnownMessages(state, groups),
    addresses: createAddressBook(state.get),
    own: () => ({}),
    clock,
    onAck: unused,
    onReceived: unused,
    onMedia: unused,
    onMessage: unused,
    onStrange: unused,
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

test('a message is journaled once whatever its ciphertexts, and what was read later is recovered: in this process and the next', async () => {
  const state = createState(createJournal(0))
  const text = (id: string) => ({
    tag: 'message',
    attrs: { id, from: '491@s.whatsapp.net', t: '1700000000' },
    content: [{ tag: 'enc', attrs: {}, content: new Uint8Array([1]) }],
  })
  const payload = proto.Message.encode({ conversation: 'hi' }).finish()
  /** A process on this state. */
  function begin() {
    const groups = createGroups(state)
    const unused = () => {}
    const traffic = createTraffic({
      ...{
        state,
        groups,
        known: createKnownMessages(state, groups),
        addresses: createAddressBook(state.get),
        own: () => ({}),
        clock: systemClock,
      },
      ...{ onAck: unused, onReceived: unused, onMedia: unused, onMessage: unused, onStrange: unused },
    })
    const arrive = async (id: string, readable: boolean) => {
      const stanza = text(id)
      traffic.listeners['CB:message']?.(stanza)
      const ciphertext = stanza.content[0]?.content ?? assert.fail()
      const was = traffic.isJournaled(ciphertext)
      if (readable) await groups.run(async () => traffic.decrypted(ciphertext, `${Math.random()}`, payload))
      else if (!was) traffic.failed(ciphertext, new Error('Bad MAC'))
      return was
    }
    return arrive
  }
  const told = () =>
    (state.cut()?.entries ?? []).map((entry) => {
      if (entry.type === 'message.received') return `${entry.type} ${entry.data.message.id}`
      if (entry.type === 'message.undecryptable' || entry.type === 'message.recovered')
        return `${entry.type} ${entry.data.id}`
      return entry.type
    })
  const first = begin()
  await first('A', false)
  await first('A', false)
  await first('B', true)
  assert.deepEqual(told(), ['message.undecryptable A', 'message.received B'])
  assert.equal(await begin()('B', false), true)
  assert.equal(await begin()('B', true), true)
  await begin()('A', false)
  assert.deepEqual(told(), [])
  await begin()('A', true)
  assert.deepEqual(told(), ['message.received A', 'message.recovered A'])
  assert.deepEqual([...state.ids('unread')], [])
})

test('a message is the same one under the other address of its sender', async () => {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const unused = () => {}
  const traffic = createTraffic({
    ...{
      state,
      groups,
      known: createKnownMessages(state, groups),
      addresses: createAddressBook(state.get),
      own: () => ({}),
      clock: systemClock,
    },
    ...{ onAck: unused, onReceived: unused, onMedia: unused, onMessage: unused, onStrange: unused },
  })
  const payload = proto.Message.encode({ conversation: 'hi' }).finish()
  const arrive = async (id: string, attrs: Record<string, string>, readable: boolean) => {
    const ciphertext = new Uint8Array([1])
    const enc = { tag: 'enc', attrs: {}, content: ciphertext }
    traffic.listeners['CB:message']?.({
      tag: 'message',
      attrs: { id, t: '1700000000', ...attrs },
      content: [enc],
    })
    const was = traffic.isJournaled(ciphertext)
    if (readable) await groups.run(async () => traffic.decrypted(ciphertext, `${Math.random()}`, payload))
    else traffic.failed(ciphertext, new Error('Bad MAC'))
    return was
  }
  const [byNumber, inGroup] = [
    { from: '491@s.whatsapp.net' },
    { from: '1@g.us', participant: '491@s.whatsapp.net' },
  ]
  await arrive('A', byNumber, false)
  await arrive('B', byNumber, true)
  await arrive('C', inGroup, true)
  state.apply([
    { type: 'lid-mapping', id: '491', value: '9001' },
    { type: 'lid-mapping', id: '9001_reverse', value: '491' },
  ])
  assert.equal(await arrive('A', { from: '9001@lid' }, true), false)
  assert.equal(await arrive('B', { from: '9001@lid' }, true), true)
  assert.equal(await arrive('C', { from: '1@g.us', participant: '9001@lid' }, true), true)
  assert.deepEqual(
    state.cut()?.entries.map(({ type }) => type),
    [
      'message.undecryptable',
      'message.received',
      'message.received',
      // The first one, by the other address.
      'message.received',
      'message.recovered',
    ],
  )
})

test('the last thousands of messages are known, and the memory of them does not grow', async () => {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const known = createKnownMessages(state, groups)
  const author = { jid: '9001@lid', lid: '9001@lid' }
  const message = (i: number) => ({ id: `${i}`, chat: author, sender: author, fromMe: false })
  for (let i = 0; i < 5_000; i++) {
    known.journaled(message(i))
    assert.equal(known.get(message(i)), 'message')
  }
  for (let i = 5_000 - 31 * 64; i < 5_000; i++) assert.equal(known.get(message(i)), 'message', `${i}`)
  assert.equal(known.get(message(0)), undefined)
  assert.equal([...state.ids('seen')].length, 32)
})

test('what a group that was discarded would have journaled is not known', async () => {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const known = createKnownMessages(state, groups)
  const author = { jid: '9001@lid', lid: '9001@lid' }
  const message = { id: 'M', chat: author, sender: author, fromMe: false }
  const discarded = groups.run(async () => {
    known.journaled(message)
    assert.equal(known.get(message), 'message')
    throw new Error('not now')
  })
  await assert.rejects(discarded, /not now/)
  assert.equal(known.get(message), undefined)
  // And another process knows what this one did.
  known.journaled(message)
  assert.equal(createKnownMessages(state, groups).get(message), 'message')
})

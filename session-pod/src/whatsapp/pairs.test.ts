import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contactIdOf, EVENT_SCHEMAS } from '@warren/contracts'
import { createJournal } from '../session/journal.ts'
import { createGroups } from '../store/groups.ts'
import { createState } from '../store/state.ts'
import { createAddressBook } from './addresses.ts'
import { createHandedOut } from './handed-out.ts'
import { createKeyStores } from './key-store.ts'
import { createPairs } from './pairs.ts'

const SESSION = 'acme/ns.one'
const pnOf = (user: string) => `${user}@s.whatsapp.net`
const lidOf = (user: string) => `${user}@lid`

function setUp() {
  const state = createState(createJournal(0))
  const groups = createGroups(state)
  const pairs = createPairs({ groups, sessionIds: () => [], session: SESSION, now: () => new Date(9) })
  const { passThrough } = createKeyStores(groups, pairs, createHandedOut(state, groups))
  return {
    state,
    addresses: createAddressBook(state.get, () => ({ pn: pnOf('490'), lid: lidOf('9000') })),
    /** As Baileys stores it. */
    learn: (pn: string, lid: string) =>
      passThrough.set({ 'lid-mapping': { [pn]: lid, [`${lid}_reverse`]: pn } }),
    /** What was journaled since the last time. */
    told() {
      const entries = state.cut()?.entries ?? []
      for (const { type, data } of entries) assert.equal(EVENT_SCHEMAS[type].validate(data).error, undefined)
      return entries
    },
  }
}

describe('a pair of addresses that becomes known', () => {
  it('is told once', async () => {
    const { learn, told } = setUp()
    await learn('491', '9001')
    await learn('491', '9001')
    assert.deepEqual(
      told().map(({ type }) => type),
      ['identity.mapped'],
    )
  })

  it('makes one contact of two where there was a conversation under the number', async () => {
    const { state, learn, told } = setUp()
    state.apply([
      { type: 'acquaintance', id: pnOf('491'), value: 1 },
      { type: 'optedOut', id: pnOf('491'), value: 5 },
    ])
    await learn('491', '9001')
    const merged = told().find(({ type }) => type === 'contact.merged')
    assert.deepEqual(merged?.data, {
      id: contactIdOf(SESSION, lidOf('9001')),
      address: { jid: lidOf('9001'), lid: lidOf('9001'), pn: pnOf('491') },
      merged: { id: contactIdOf(SESSION, pnOf('491')), address: { jid: pnOf('491'), pn: pnOf('491') } },
    })
    assert.deepEqual([...state.all('acquaintance')], [[lidOf('9001'), 1]])
    assert.deepEqual([...state.all('optedOut')], [[lidOf('9001'), 5]])
  })

  it('with another number is the same contact, and the old number leads to nobody', async () => {
    const { addresses, learn, told } = setUp()
    await learn('491', '9001')
    told()
    await learn('492', '9001')
    const address = { jid: lidOf('9001'), lid: lidOf('9001'), pn: pnOf('492') }
    assert.deepEqual(
      told().map(({ type, data }) => [type, data]),
      [
        ['identity.mapped', { lid: lidOf('9001'), pn: pnOf('492') }],
        ['contact.updated', { address }],
      ],
    )
    assert.deepEqual(addresses.complete(lidOf('9001')), address)
    assert.deepEqual(addresses.complete(pnOf('491')), { jid: pnOf('491'), pn: pnOf('491') })
  })

  it('with another LID is another person, of whom nothing is known', async () => {
    const { state, addresses, learn, told } = setUp()
    state.apply([{ type: 'optedOut', id: pnOf('491'), value: 5 }])
    await learn('491', '9001')
    await learn('491', '9002')
    assert.deepEqual([...state.all('optedOut')], [[lidOf('9001'), 5]])
    assert.deepEqual(addresses.complete(lidOf('9001')), { jid: lidOf('9001'), lid: lidOf('9001') })
    assert.equal(addresses.complete(pnOf('491')).lid, lidOf('9002'))
    assert.equal(told().filter(({ type }) => type === 'contact.updated').length, 0)
    // The third owner's number alone was the contact of the third, not of the first.
    state.apply([{ type: 'acquaintance', id: pnOf('491'), value: 1 }])
    await learn('491', '9003')
    const merged = told().find((entry) => entry.type === 'contact.merged')
    assert.equal(
      merged?.type === 'contact.merged' && merged.data.merged.id,
      contactIdOf(SESSION, pnOf('491'), 1),
    )
  })
})

describe('the other form in a stanza', () => {
  const { addresses } = setUp()

  it('is left aside where it is our own, or of the same kind', () => {
    const [stranger, own] = [pnOf('491'), lidOf('9000')]
    assert.deepEqual(addresses.complete(stranger, own), { jid: stranger, pn: stranger })
    assert.deepEqual(addresses.complete(lidOf('9001'), lidOf('9002')), {
      jid: lidOf('9001'),
      lid: lidOf('9001'),
    })
  })

  it('is taken where both are one person', () => {
    assert.equal(addresses.complete(pnOf('491'), lidOf('9001')).lid, lidOf('9001'))
    assert.equal(addresses.complete(pnOf('490'), lidOf('9000')).lid, lidOf('9000'))
  })
})

/**
 * One person, two addresses: the read model does not tell by which of them, in which order and how often WhatsApp named somebody, or when
 * it became known that the two are one.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import {
  type Address,
  contactIdOf,
  type JournalEntry,
  type MessageStatus,
  sessionKeyOf,
} from '@warren/contracts'
import fc from 'fast-check'
import { startProjection } from '../testing/projection.ts'

const { apply, fresh, freshWithFactsOf, readModel, identities, models } = await startProjection({ after })

type Entry = Pick<JournalEntry, 'type' | 'data'>
const GROUP = '1-2@g.us'
const AT = new Date('2026-01-01T00:00:00Z')
const numbered = (entries: readonly Entry[]): JournalEntry[] =>
  entries.map((entry, index) => ({ ...entry, seq: index + 1, at: AT }) as JournalEntry)

const id = fc.constantFrom('M1', 'M2')
const time = fc.integer({ min: 0, max: 2 }).map((s) => new Date(AT.getTime() + s * 1000))
const statuses: readonly MessageStatus[] = ['sent', 'delivered', 'read', 'played']

/** What may happen, with every address one of these. */
function entryOf(address: fc.Arbitrary<Address>): fc.Arbitrary<Entry> {
  const message = fc
    .record({
      id,
      person: address,
      inGroup: fc.boolean(),
      fromMe: fc.boolean(),
      timestamp: time,
      text: fc.constantFrom('a', 'b'),
      pushName: fc.option(fc.constantFrom('Ada', 'Alan'), { nil: undefined }),
    })
    .map(({ person, inGroup, text, pushName, ...rest }) => ({
      ...rest,
      chat: inGroup ? { jid: GROUP } : person,
      sender: rest.fromMe ? { jid: 'me@lid' } : person,
      content: { type: 'text', text } as const,
      ...(pushName === undefined ? {} : { pushName }),
    }))
  return fc.oneof(
    {
      weight: 4,
      arbitrary: message.map((it) => ({ type: 'message.received', data: { message: it } }) as const),
    },
    message.map((it) => {
      const sent = { ...it, id: `O${it.id}`, fromMe: true, sender: { jid: 'me@lid' } }
      return { type: 'message.outgoing', data: { message: sent } } as const
    }),
    {
      weight: 3,
      arbitrary: fc
        .record({ id, chat: address, status: fc.constantFrom(...statuses), at: time })
        .map((data) => ({ type: 'message.status', data }) as const),
    },
    fc
      .record({
        id,
        chat: address,
        media: fc.record({ mimetype: fc.constant('image/png'), key: fc.constantFrom('k', 'l') }),
        failed: fc.boolean(),
      })
      .map(({ failed, ...data }) => {
        const error = { code: 'media_unavailable', message: 'gone' } as const
        return { type: 'message.media', data: { ...data, ...(failed ? { error } : {}) } } as const
      }),
    fc
      .record({ id, chat: address, timestamp: time })
      .map(
        (data) =>
          ({ type: 'message.undecryptable', data: { ...data, sender: data.chat, reason: 'x' } }) as const,
      ),
    fc
      .record({
        address: fc.tuple(address, fc.constantFrom({}, { username: 'ada' }, { username: 'alan' })),
        pushName: fc.constantFrom('Ada', 'Grace'),
      })
      .map(
        ({ address: [forms, name], pushName }) =>
          ({ type: 'contact.updated', data: { address: { ...forms, ...name }, pushName } }) as const,
      ),
    fc
      .record({ address, word: fc.constant('stop'), messageId: id })
      .map((data) => ({ type: 'contact.optedOut', data }) as const),
    address.map((it) => ({ type: 'contact.optedIn', data: { address: it } }) as const),
  )
}

const mapped = (pair: { pn: string; lid: string }): Entry => ({ type: 'identity.mapped', data: pair })

/** Pairs of people of whom nothing else is told: with so many of them the whole batch is looked at together. */
const STRANGERS = Array.from({ length: 8 }, (_, n) =>
  mapped({ pn: `49160000000${n}@s.whatsapp.net`, lid: `9${n}@lid` }),
)

const strangers = (journal: readonly JournalEntry[]) =>
  numbered([...journal, ...STRANGERS]).slice(journal.length)

/** Every address in `data` replaced, at any depth. */
function readdressed(data: unknown, replace: (address: Address) => Address): unknown {
  if (typeof data !== 'object' || data === null || data instanceof Date) return data
  const inner = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, readdressed(value, replace)]),
  )
  return 'jid' in inner ? replace(inner as Address) : inner
}

describe('people under two addresses', () => {
  const PEOPLE = [1, 2].map((n) => ({ pn: `49151000000${n}@s.whatsapp.net`, lid: `${n}@lid` }))
  const address = fc
    .tuple(fc.constantFrom(...PEOPLE), fc.constantFrom('pn', 'lid', 'pn', 'lid', 'both'))
    .map(([{ pn, lid }, form]): Address => {
      if (form === 'pn') return { jid: pn, pn }
      return form === 'lid' ? { jid: lid, lid } : { jid: lid, lid, pn }
    })
  const mapping = fc.constantFrom(...PEOPLE).map(mapped)
  const canonical = (given: Address): Address => {
    const { jid } = given
    const person = PEOPLE.find(({ pn, lid }) => jid === pn || jid === lid)
    return person ? { ...given, ...person } : given
  }
  const entries = fc
    .array(fc.oneof({ weight: 9, arbitrary: entryOf(address) }, mapping), { maxLength: 16 })
    .map((some) => numbered([...STRANGERS, ...some, ...PEOPLE.map(mapped)]))
  /** The form of arrival, and since when the pair is known, are the two things that may differ. */
  const ASIDE = ['jid', 'mapping']
  const shown = async (instance: string) => readModel(instance, ASIDE)

  it('are shown as if every entry had named both', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (journal) => {
        const [told, known] = [fresh(), fresh()]
        await apply(told, journal)
        await apply(
          known,
          journal.map((entry) => ({ ...entry, data: readdressed(entry.data, canonical) }) as JournalEntry),
        )
        assert.deepEqual(await shown(told.instance), await shown(known.instance))
      }),
      { numRuns: 25 },
    )
  })

  it('keep what followed a message by the other address, also when the message was told once more since', async () => {
    const [{ pn, lid } = assert.fail()] = PEOPLE
    const scope = fresh()
    const message = {
      id: 'M1',
      chat: { jid: lid, lid },
      sender: { jid: 'me@lid' },
      fromMe: true,
      timestamp: AT,
      content: { type: 'text', text: 'a' },
    } as const
    const chat = { jid: pn, pn }
    const journal = numbered([
      { type: 'message.received', data: { message } },
      { type: 'message.status', data: { id: 'M1', chat, status: 'read', at: AT } },
      { type: 'message.received', data: { message } },
      mapped({ pn, lid }),
    ])
    await apply(scope, journal)
    assert.deepEqual(
      (await models.messages.find(scope)).map(({ status, seq }) => [status, seq]),
      [['read', 3]],
    )
  })

  it('are one contact with one id, whichever address came first', async () => {
    const [{ pn, lid } = assert.fail()] = PEOPLE
    const scope = fresh()
    const ids = async () => (await models.contacts.find(scope)).map((contact) => contact.id)
    const update = (it: Address): Entry => ({
      type: 'contact.updated',
      data: { address: it, pushName: 'Ada' },
    })
    const journal = numbered([update({ jid: pn, pn }), update({ jid: lid, lid }), mapped({ pn, lid })])
    await apply(scope, journal.slice(0, 1))
    const [alias = assert.fail()] = await ids()
    await apply(scope, journal.slice(0, 2))
    assert.equal((await ids()).length, 2)
    await apply(scope, journal)
    assert.deepEqual(await ids(), [contactIdOf(sessionKeyOf(scope), lid)])
    const found = await identities.byAlias(scope.organization, scope.instance, alias)
    assert.equal(found?.lid, lid)
  })
})

describe('people who change numbers', () => {
  const NUMBERS = ['491510000001@s.whatsapp.net', '491510000002@s.whatsapp.net']
  const LIDS = ['1@lid', '2@lid']
  const pair = fc.record({ pn: fc.constantFrom(...NUMBERS), lid: fc.constantFrom(...LIDS) })
  const address = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...NUMBERS).map((pn): Address => ({ jid: pn, pn })) },
    { weight: 3, arbitrary: fc.constantFrom(...LIDS).map((lid): Address => ({ jid: lid, lid })) },
    pair.map((both): Address => ({ jid: both.lid, ...both })),
  )
  const entries = fc
    .array(fc.oneof({ weight: 6, arbitrary: entryOf(address) }, pair.map(mapped)), { maxLength: 16 })
    .map(numbered)

  it('leave the same behind however often the journal is applied, and when it is applied again to nothing', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.array(fc.nat(16), { maxLength: 3 }), async (journal, cuts) => {
        const scope = fresh()
        for (const entry of journal) await apply(scope, [entry])
        await apply(scope, strangers(journal))
        const before = await readModel(scope.instance)
        for (const cut of cuts) await apply(scope, journal.slice(0, cut))
        assert.deepEqual(await readModel(scope.instance), before)
        for (const another of [await freshWithFactsOf(scope.instance), fresh()]) {
          await apply(another, [...journal, ...strangers(journal)])
          assert.deepEqual(await readModel(another.instance), before)
        }
      }),
      { numRuns: 15 },
    )
  })
})

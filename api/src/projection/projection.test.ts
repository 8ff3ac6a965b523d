/**
 * The read model is a function of the journal: it does not matter where a worker died, how often entries are applied again, or whether
 * two workers do it at once.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Address, JournalEntry, MessageStatus } from '@warren/contracts'
import fc from 'fast-check'
import { startProjection } from '../testing/projection.ts'

const { apply, fresh, readModel } = await startProjection({ after })

const PEOPLE = [1, 2].map((n) => ({ pn: `49151000000${n}@s.whatsapp.net`, lid: `${n}@lid` }))

/** A person under one of the addresses, or under both. */
const address: fc.Arbitrary<Address> = fc
  .tuple(fc.constantFrom(...PEOPLE), fc.constantFrom('pn', 'lid', 'both'))
  .map(([{ pn, lid }, form]): Address => {
    if (form === 'pn') return { jid: pn, pn }
    return form === 'lid' ? { jid: lid, lid } : { jid: lid, lid, pn }
  })
const id = fc.constantFrom('M1', 'M2', 'M3')
const name = fc.option(fc.constantFrom('Ada', 'Grace'), { nil: undefined })
const second = fc.integer({ min: 0, max: 2 }).map((s) => new Date(1_800_000_000_000 + s * 1000))
const text = fc.constantFrom('a', 'b').map((it) => ({ type: 'text', text: it }) as const)
const statuses: readonly MessageStatus[] = ['pending', 'sent', 'delivered', 'read', 'failed']

const message = (fromMe: boolean) =>
  fc
    .record({ id, chat: address, timestamp: second, pushName: name, content: text })
    .map(({ pushName, ...rest }) => ({
      ...rest,
      sender: fromMe ? { jid: 'me@lid', lid: 'me@lid' } : rest.chat,
      fromMe,
      ...(pushName === undefined ? {} : { pushName }),
    }))

type Event = Pick<JournalEntry, 'type' | 'data'>
const event: fc.Arbitrary<Event> = fc.oneof(
  message(false).map((it) => ({ type: 'message.received', data: { message: it } }) as const),
  message(true).map((it) => ({ type: 'message.outgoing', data: { message: it } }) as const),
  fc
    .record({ id, chat: address, status: fc.constantFrom(...statuses), at: second })
    .map((data) => ({ type: 'message.status', data }) as const),
  fc
    .record({
      id,
      chat: address,
      media: fc.constantFrom({ mimetype: 'image/png' }, { mimetype: 'image/png', key: 'k' }),
    })
    .map((data) => ({ type: 'message.media', data }) as const),
  fc.record({ id, chat: address, timestamp: second }).map(
    (data) =>
      ({
        type: 'message.undecryptable',
        data: { ...data, sender: data.chat, reason: 'no session' },
      }) as const,
  ),
  fc.constantFrom(...PEOPLE).map((data) => ({ type: 'identity.mapped', data }) as const),
  fc
    .record({ address, pushName: fc.constantFrom('Ada', 'Alan') })
    .map((data) => ({ type: 'contact.updated', data }) as const),
  fc
    .record({ id, chat: address, reason: fc.constantFrom('limit', 'paused'), position: fc.nat(3) })
    .map((data) => ({ type: 'message.waiting', data }) as const),
  fc
    .record({ address, word: fc.constant('stop'), messageId: id })
    .map((data) => ({ type: 'contact.optedOut', data }) as const),
  address.map((it) => ({ type: 'contact.optedIn', data: { address: it } }) as const),
  fc
    .record({
      state: fc.constantFrom('slow', 'paused'),
      previous: fc.constant('normal'),
      score: fc.nat(100),
      message: fc.constant('Careful.'),
    })
    .map((data) => ({ type: 'account.risk', data }) as const),
)
const journal = fc
  .array(event, { maxLength: 14 })
  .map((events) => events.map((it, index) => ({ ...it, seq: index + 1, at: new Date(0) }) as JournalEntry))

describe('projection', () => {
  it('gives the same read model however the journal was cut and repeated', async () => {
    await fc.assert(
      fc.asyncProperty(journal, fc.array(fc.nat(14), { maxLength: 4 }), async (entries, cuts) => {
        const [straight, bumpy] = [fresh(), fresh()]
        await apply(straight, entries)
        // Each time a worker got that far and died before it could say so; the next one began at the front.
        for (const cut of cuts) await apply(bumpy, entries.slice(0, cut))
        await apply(bumpy, entries)
        assert.deepEqual(await readModel(bumpy.instance), await readModel(straight.instance))
        // And a late repetition of any prefix changes nothing.
        for (const cut of cuts) await apply(bumpy, entries.slice(0, cut))
        assert.deepEqual(await readModel(bumpy.instance), await readModel(straight.instance))
      }),
      { numRuns: 20 },
    )
  })

  it('gives the same read model entry by entry and at once', async () => {
    await fc.assert(
      fc.asyncProperty(journal, async (entries) => {
        const [once, oneByOne] = [fresh(), fresh()]
        await apply(once, entries)
        for (const entry of entries) await apply(oneByOne, [entry])
        assert.deepEqual(await readModel(oneByOne.instance), await readModel(once.instance))
      }),
      { numRuns: 10 },
    )
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sent } from '../traffic/record.ts'
import { type Accounts, disagreements } from './agreement.ts'

const message = (direction: Sent['direction'], id: string): Sent => ({
  ...{ direction, id, instance: 'default.s1', chat: '49170' },
  text: `${direction} ${id}`,
})
const [o1, o2, i1, i2] = [
  message('out', 'O1'),
  message('out', 'O2'),
  message('in', 'I1'),
  message('in', 'I2'),
]

const good: Accounts = {
  sent: [o1, i1, o2, i2],
  delivered: [o1, o2].map((one) => ({ ...one, opened: 1, decryptFailures: 0, conflicting: false })),
  journal: [
    ...[o1, o2].map((one) => ({ type: 'message.outgoing', message: one })),
    ...[i1, i2].map((one) => ({ type: 'message.received', message: one })),
  ].map((line, index) => ({ ...line, seq: index + 1, epoch: 1 })),
  shown: [o1, o2, i1, i2].map(({ id, text, direction }) => ({
    ...{ id, text },
    status: direction === 'out' ? 'delivered' : undefined,
  })),
  events: [1, 2, 3, 4],
}
const nothing = { lost: [], duplicated: [], reordered: [], wrong: [] }
const swapped = <T>([first, second, ...rest]: readonly T[]): T[] =>
  first === undefined || second === undefined ? [] : [second, first, ...rest]

test('finds nothing where everything agrees', () => assert.deepEqual(disagreements(good), nothing))

test('asks of a message to a group that each member read it', () => {
  const to = (openedBy: Record<string, number>): Accounts => ({
    ...good,
    sent: [{ ...o1, readers: ['1', '2'] }, i1, o2, i2],
    delivered: good.delivered.map((one) => (one.id === 'O1' ? { ...one, openedBy } : one)),
  })
  assert.deepEqual(disagreements(to({ 1: 1, 2: 1 })), nothing)
  assert.deepEqual(disagreements(to({ 1: 1 })).lost, ['"out O1" (O1) was never opened by 2'])
})

const BAD: [string, Partial<Accounts>, keyof typeof nothing, RegExp][] = [
  [
    'a message that WhatsApp never got',
    { delivered: good.delivered.slice(1) },
    'lost',
    /"out O1".*not at WhatsApp/,
  ],
  [
    'a message that is not in the journal',
    { journal: good.journal.slice(0, 3) },
    'lost',
    /"in I2".*not in the journal/,
  ],
  ['a message that REST does not show', { shown: good.shown.slice(1) }, 'lost', /not in the read model/],
  ['an event that did not come', { events: [1, 2, 4] }, 'lost', /the events go from 2 to 4/],
  ['events that stop early', { events: [1, 2, 3] }, 'lost', /the events end at 3 of 4/],
  ['an event that came twice', { events: [1, 2, 2, 3, 4] }, 'duplicated', /the events give 2 after 2/],
  [
    'one message under two ids',
    {
      delivered: [...good.delivered, { ...o1, id: 'O9', opened: 1, decryptFailures: 0, conflicting: false }],
    },
    'duplicated',
    /as O1 and as O9/,
  ],
  [
    'one message twice in the read model',
    { shown: [...good.shown, { ...o1, status: 'sent' }] },
    'duplicated',
    /2 times/,
  ],
  [
    'messages of a chat in another order',
    { delivered: swapped(good.delivered) },
    'reordered',
    /"out O2" is before "out O1"/,
  ],
  [
    'a message nobody could read',
    { delivered: good.delivered.map((one) => ({ ...one, decryptFailures: 1 })) },
    'wrong',
    /could not be decrypted/,
  ],
  ['another text', { shown: good.shown.map((one) => ({ ...one, text: 'x' })) }, 'wrong', /reads "x"/],
  [
    'a send that failed',
    { shown: good.shown.map((one) => ({ ...one, status: 'failed' })) },
    'wrong',
    /shown as failed/,
  ],
  [
    'an old epoch in the journal',
    { journal: good.journal.map((line, index) => ({ ...line, epoch: index === 2 ? 2 : 1 })) },
    'wrong',
    /an earlier epoch/,
  ],
]
for (const [name, change, kind, expected] of BAD) {
  test(`finds ${name}`, () => {
    assert.match(disagreements({ ...good, ...change })[kind].join('\n'), expected)
  })
}

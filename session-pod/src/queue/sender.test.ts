import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WarrenError } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { until } from '@warren/runtime/testing'
import fc from 'fast-check'
import { createJournal } from '../session/journal.ts'
import { createState, type SessionState } from '../store/state.ts'
import type { Destination } from '../whatsapp/messenger.ts'
import { chat, row, setUp } from './sender-rig.ts'

const statuses = (state: SessionState) =>
  (state.cut()?.entries ?? []).flatMap((entry) => (entry.type === 'message.status' ? entry.data : []))

test('rows of one chat go out in order, chats side by side', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => row(`M${i}`, i + 1, `49${i % 4}@s.whatsapp.net`))
  const { sender, messenger, relayed } = setUp(rows)
  sender.ready(messenger)
  await until(() => relayed.length === rows.length)
  for (let lane = 0; lane < 4; lane++) {
    const order = relayed.filter((id) => Number(id.slice(1)) % 4 === lane)
    assert.deepEqual(
      order,
      order.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))),
    )
  }
  await sender.stop()
})

test('nothing is taken before WhatsApp delivers, and nothing of an old connection after it was lost', async () => {
  const { sender, messenger, relayed, behaviour } = setUp([row('M1', 1)])
  sender.wake()
  const hanging = Promise.withResolvers<Destination>()
  behaviour.resolve = () => hanging.promise
  sender.ready(messenger)
  await new Promise((resolve) => setImmediate(resolve))
  sender.ready(undefined)
  hanging.resolve({ jid: chat })
  await sender.stop()
  assert.deepEqual(relayed, [])
})

test('refusals before anything is sent end the row with a typed error', async () => {
  const { sender, messenger, behaviour, state, marker, done } = setUp([row('M1', 1)])
  behaviour.resolve = async () => 'absent'
  sender.ready(messenger)
  await until(() => state.get('finished', 'M1'))
  assert.deepEqual(
    statuses(state).map(({ status, error }) => [status, error?.code]),
    [['failed', 'not_on_whatsapp']],
  )
  marker.onDurable(state.mark())
  await until(() => done.has('M1'))
  await sender.stop()
})

test('a failure that may pass leaves the row where it is', async () => {
  const { sender, messenger, behaviour, state } = setUp([row('M1', 1)])
  behaviour.resolve = async () => {
    throw new WarrenError('not_connected')
  }
  sender.ready(messenger)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(state.cut(), undefined)
  await sender.stop()
})

test('an error that may pass neither fails a send nor changes the order of its chat', async () => {
  const clock = createFakeClock()
  const queue = [row('M1', 1), row('M2', 2), row('M3', 3), row('O1', 4, '492@s.whatsapp.net')]
  const { sender, messenger, behaviour, relayed, outbox, state } = setUp(queue, undefined, clock)
  let failures = 5
  behaviour.relay = async (id) => {
    if (id === 'M1' && failures-- > 0) throw new Error('Connection Closed')
    relayed.push(id)
  }
  sender.start()
  sender.ready(messenger)
  await clock.advance(1_000)
  assert.deepEqual(relayed, ['O1'])
  await clock.advance(120_000)
  assert.deepEqual(relayed.slice(0, 4), ['O1', 'M1', 'M2', 'M3'])
  assert.deepEqual([state.get('finished', 'M1'), outbox.all().length], [undefined, 4])
  await sender.stop()
  assert.equal(clock.pendingTimers(), 0)
})

test('what no device can be encrypted for fails after three attempts', async () => {
  const clock = createFakeClock()
  const { sender, messenger, behaviour, state } = setUp([row('M1', 1)], undefined, clock)
  let attempts = 0
  behaviour.relay = async () => {
    attempts += 1
    throw new WarrenError('recipient_stale')
  }
  sender.ready(messenger)
  await clock.advance(60_000)
  assert.deepEqual(
    [attempts, statuses(state).map(({ status, error }) => [status, error?.code])],
    [
      3,
      [
        ['pending', undefined],
        ['failed', 'recipient_stale'],
      ],
    ],
  )
  await sender.stop()
})

test('a socket that is not open is given nothing', async () => {
  const clock = createFakeClock()
  const { sender, messenger, behaviour, relayed } = setUp([row('M1', 1)], undefined, clock)
  behaviour.open = false
  sender.ready(messenger)
  await clock.advance(1_000)
  assert.deepEqual(relayed, [])
  behaviour.open = true
  sender.ready(messenger)
  await clock.advance(0)
  assert.deepEqual(relayed, ['M1'])
  await sender.stop()
})

test('a send that hung in a lost connection goes out by the next one, before what follows it', async () => {
  const clock = createFakeClock()
  const { sender, messenger, behaviour, relayed } = setUp([row('M1', 1), row('M2', 2)], undefined, clock)
  const hanging = Promise.withResolvers<void>()
  const note = behaviour.relay
  behaviour.relay = () => hanging.promise
  sender.ready(messenger)
  await clock.advance(0)
  sender.ready(undefined)
  behaviour.relay = note
  sender.ready({ ...messenger })
  await clock.advance(0)
  hanging.reject(new WarrenError('not_connected'))
  await clock.advance(0)
  assert.deepEqual(relayed, ['M1', 'M2'])
  await sender.stop()
})

test('what WhatsApp does not acknowledge is told of once, and the next connection sends it by the same id', async () => {
  const clock = createFakeClock()
  const { sender, messenger, outbox, relayed, waiting } = setUp([row('M1', 1)], undefined, clock)
  assert.deepEqual(sender.unanswered(), { any: false })
  sender.ready(messenger)
  await clock.advance(0)
  const sinceMs = clock.monotonicMs()
  assert.deepEqual(sender.unanswered(), { any: true, sinceMs })
  await clock.advance(40_000)
  sender.blame()
  sender.blame()
  sender.ready(undefined)
  assert.deepEqual(sender.unanswered(), { any: true })
  sender.ready({ ...messenger })
  await clock.advance(0)
  assert.deepEqual([relayed, waiting], [['M1', 'M1'], ['M1 unanswered']])
  assert.deepEqual(sender.unanswered(), { any: true, sinceMs: sinceMs + 40_000 })
  outbox.sent('M1', clock.now())
  assert.deepEqual(sender.unanswered(), { any: false })
  await sender.stop()
})

test('chats that are stuck with hundreds of messages do not hold up another, and go on in order', async () => {
  const clock = createFakeClock()
  const [one, two, other] = ['492@s.whatsapp.net', '493@s.whatsapp.net', '494@s.whatsapp.net']
  const rows = Array.from({ length: 700 }, (_, i) => row(`M${i}`, i + 1, i % 2 ? one : two))
  const { sender, messenger, outbox, marker, relayed, waiting, behaviour } = setUp(
    [...rows, row('LAST', 701, other)],
    undefined,
    clock,
  )
  let broken = true
  behaviour.relay = async (id) => {
    if (broken && id !== 'LAST') throw new Error('does not get through')
    relayed.push(id)
    outbox.sent(id, clock.now())
    marker.done(id)
  }
  sender.start()
  sender.ready(messenger)
  await clock.advance(20_000)
  assert.deepEqual(relayed, ['LAST'])
  assert.deepEqual(waiting, ['M0 retrying', 'M1 retrying'])
  broken = false
  await clock.advance(120_000)
  const of = (to: string) =>
    relayed.filter((id) => rows.some((each) => each.messageId === id && each.to === to))
  for (const to of [one, two])
    assert.deepEqual(
      of(to),
      rows.filter((each) => each.to === to).map(({ messageId }) => messageId),
    )
  await sender.stop()
})

test('a row that a slow read shows after it was done is not sent again', async () => {
  const { sender, messenger, marker, outbox, relayed, state, done } = setUp([row('M1', 1)])
  sender.ready(messenger)
  await until(() => relayed.length === 1)
  const slow = Promise.withResolvers<boolean>()
  const read = outbox.whileReading(async () => {
    await slow.promise
    return outbox.isFinished('M1')
  })
  outbox.sent('M1', new Date())
  marker.done('M1')
  marker.onDurable(state.mark())
  await until(() => done.has('M1'))
  await marker.settled()
  slow.resolve(true)
  assert.equal(await read, true)
  assert.equal(outbox.isFinished('M1'), false)
  await sender.stop()
})

test('both addresses of a person are one lane', async () => {
  const { sender, messenger, state, behaviour, relayed } = setUp([
    row('M1', 1, '491@s.whatsapp.net'),
    row('M2', 2, '77@lid'),
  ])
  state.restore('lid-mapping', '491', '77')
  state.restore('lid-mapping', '77_reverse', '491')
  const first = Promise.withResolvers<void>()
  behaviour.relay = async (id) => {
    if (id === 'M1') await first.promise
    relayed.push(id)
  }
  sender.ready(messenger)
  await new Promise((resolve) => setImmediate(resolve))
  first.resolve()
  await until(() => relayed.length === 2)
  assert.deepEqual(relayed, ['M1', 'M2'])
  await sender.stop()
})

test('the crash matrix: at whatever boundary the process dies, each message goes out, and none after its answer', async () => {
  /** Where the life ends: rows seen, taken (durable or not), relayed, answered, marked. */
  const boundary = fc.constantFrom('queued', 'accepted', 'relayed', 'answered', 'marked')
  await fc.assert(
    fc.asyncProperty(fc.array(boundary, { minLength: 1, maxLength: 5 }), async (ends) => {
      const queue = ends.map((_, i) => row(`M${i}`, i + 1))
      const state = createState(createJournal(0))
      const before = setUp(queue, state)
      const record = (id: string, position: number) => ({
        to: chat,
        proto: Buffer.from(id),
        chat: { jid: chat },
        position,
      })
      const message = {
        id: '',
        chat: { jid: chat },
        sender: { jid: chat },
        fromMe: true,
        timestamp: new Date(),
      }
      for (const [i, end] of ends.entries()) {
        const id = `M${i}`
        if (end === 'queued') continue
        before.outbox.accept(id, record(id, i + 1), { ...message, content: { type: 'text', text: '' } })
        if (end === 'accepted' || end === 'relayed') continue
        before.outbox.sent(id, new Date())
        if (end === 'marked')
          queue.splice(
            queue.findIndex(({ messageId }) => messageId === id),
            1,
          )
      }
      const after = setUp(queue, state)
      after.sender.ready(after.messenger)
      const expected = ends.flatMap((end, i) =>
        ['queued', 'accepted', 'relayed'].includes(end) ? [`M${i}`] : [],
      )
      await until(() => after.relayed.length === expected.length)
      await after.sender.stop()
      assert.deepEqual(after.relayed.toSorted(), expected)
      // Rows that were answered are told to the queue, and then forgotten.
      after.marker.onDurable(state.mark())
      await after.marker.settled()
      for (const [i, end] of ends.entries()) {
        if (end === 'answered') assert.ok(after.done.has(`M${i}`))
        if (end === 'answered' || end === 'marked') assert.equal(state.get('finished', `M${i}`), undefined)
      }
    }),
    { numRuns: 50 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROTECTION_OFF, type ProtectionSettings, type QueueDoc } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { until } from '@warren/runtime/testing'
import fc from 'fast-check'
import { createJournal } from '../session/journal.ts'
import { createState } from '../store/state.ts'
import { row, setUp } from './sender-rig.ts'

const MINUTE = 60_000
const limited = (perMinute: number, more: Partial<ProtectionSettings> = {}): ProtectionSettings => ({
  ...PROTECTION_OFF,
  limits: { mode: 'Enforced', perMinute, perHour: 5_000, perDay: 20_000 },
  ...more,
})
const number = (chat: number) => `4917${chat}@s.whatsapp.net`

/** A sender under protection whose clock the test moves; notes when each message was relayed. */
function protectedSender(queue: QueueDoc[], settings: ProtectionSettings, start = createFakeClock()) {
  const state = createState(createJournal(0))
  const rig = setUp(queue, state, start, settings)
  const times = new Map<string, number>()
  rig.behaviour.relay = async (id) => void times.set(id, start.now().getTime())
  rig.sender.start()
  rig.sender.ready(rig.messenger)
  const events = () =>
    (state.cut()?.entries ?? []).flatMap((entry) => (entry.type === 'message.waiting' ? entry.data : []))
  return { ...rig, clock: start, times, events }
}

test('what is over the limit waits in turns of the chats, is told, and goes when it was said to', async () => {
  const rows = [...Array(4).keys()].map((i) => row(`A${i}`, i + 1, number(1)))
  const { clock, times, sender, protection, events } = protectedSender(
    [...rows, row('B0', 5, number(2))],
    limited(2),
  )
  const began = clock.now().getTime()
  await clock.advance(1_000)
  assert.deepEqual([...times.keys()], ['A0', 'B0'])
  const waiting = protection.gate.waiting()
  assert.deepEqual(
    waiting.map(({ id, reason, position }) => [id, reason, position]),
    [
      ['A1', 'limit', 1],
      ['A2', 'limit', 2],
      ['A3', 'limit', 3],
    ],
  )
  const told = events()
  assert.deepEqual(
    told.map(({ id, reason, position }) => [id, reason, position]),
    waiting.map(({ id, reason, position }) => [id, reason, position]),
  )
  await clock.advance(3 * MINUTE)
  for (const { id, expectedAt } of told) assert.equal(times.get(id), expectedAt?.getTime(), id)
  assert.equal(times.get('A3'), began + 2 * MINUTE)
  assert.equal(protection.gate.count(), 0)
  await sender.stop()
  protection.stop()
  assert.equal(clock.pendingTimers(), 0)
})

test('never more than the limit in any minute, in the order of each chat, over restarts at any moment', async () => {
  const step = fc.record({ rows: fc.nat(4), chat: fc.nat(2), passMs: fc.nat(40_000), restart: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { minLength: 1, maxLength: 8 }),
      async (limit, steps) => {
        const clock = createFakeClock()
        const state = createState(createJournal(0))
        const queue: QueueDoc[] = []
        const relayed: { id: string; at: number; chat: string }[] = []
        const start = () => {
          const rig = setUp(queue, state, clock, limited(limit))
          rig.behaviour.relay = async (id) => {
            const to = queue.find(({ messageId }) => messageId === id)?.to ?? ''
            if (!relayed.some((one) => one.id === id))
              relayed.push({ id, at: clock.now().getTime(), chat: to })
            rig.outbox.sent(id, clock.now())
            rig.marker.done(id)
          }
          rig.sender.start()
          rig.sender.ready(rig.messenger)
          return rig
        }
        let rig = start()
        const stop = async () => {
          await rig.sender.stop()
          rig.protection.stop()
        }
        for (const { rows, chat, passMs, restart } of steps) {
          for (let i = 0; i < rows; i++) queue.push(row(`M${queue.length}`, queue.length + 1, number(chat)))
          rig.sender.wake()
          await clock.advance(passMs)
          if (!restart) continue
          await stop()
          rig = start()
        }
        await clock.advance((queue.length + 1) * MINUTE)
        await stop()
        assert.equal(relayed.length, queue.length)
        for (const { at } of relayed)
          assert.ok(relayed.filter((one) => one.at >= at && one.at < at + MINUTE).length <= limit)
        for (const chat of new Set(queue.map(({ to }) => to))) {
          const inOrder = queue.filter(({ to }) => to === chat).map(({ messageId }) => messageId)
          assert.deepEqual(
            relayed.filter((one) => one.chat === chat).map(({ id }) => id),
            inOrder,
          )
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('a person types before each message and pauses between chats; whoever wrote just now is answered at once if asked', async () => {
  const text = (id: string, position: number, chat: number): QueueDoc => ({
    ...row(id, position, number(chat)),
    content: { type: 'text', text: 'x'.repeat(20) },
  })
  const queue = [text('A', 1, 1), text('B', 2, 2)]
  const { clock, times, typed, protection, sender } = protectedSender(queue, {
    ...PROTECTION_OFF,
    pacing: 'HumanExceptReplies',
  })
  const began = clock.now().getTime()
  await clock.advance(0)
  assert.deepEqual([typed, times.size], [[number(1)], 0])
  protection.received({
    id: 'IN',
    chat: { jid: number(3), pn: number(3) },
    sender: { jid: number(3) },
    fromMe: false,
    timestamp: clock.now(),
    content: { type: 'text', text: 'hello?' },
  })
  queue.push(text('R', 3, 3))
  sender.wake()
  await clock.advance(20_000)
  const after = (id: string) => (times.get(id) ?? 0) - began
  // 20 characters of 80 ms each; then a gap of 3.5 s and the typing of the next.
  assert.deepEqual([after('R'), after('A'), after('B')], [0, 1_600, 1_600 + 3_500 + 1_600])
  await sender.stop()
  protection.stop()
})

test('a pause holds everything, tells no time where a person must end it, and ends by resuming', async () => {
  const queue = [row('A', 1, number(1))]
  const { clock, times, protection, sender, events } = protectedSender(
    [],
    limited(10, { circuitBreaker: 'Manual' }),
  )
  protection.signal('banned')
  await sender.stop()
  const rig = protectedSender(queue, limited(10, { circuitBreaker: 'Manual' }), clock)
  rig.protection.signal('banned')
  await clock.advance(MINUTE)
  assert.deepEqual(
    rig.events().map(({ id, reason, expectedAt }) => [id, reason, expectedAt]),
    [['A', 'paused', undefined]],
  )
  assert.equal(rig.protection.status()?.state, 'paused')
  rig.protection.resume()
  await clock.advance(1_000)
  assert.deepEqual([...rig.times.keys(), rig.protection.status()?.state], ['A', 'slow'])
  assert.deepEqual([times.size, events()], [0, []])
  await rig.sender.stop()
  rig.protection.stop()
  protection.stop()
})

test('while WhatsApp restricts, only conversations that exist go on', async () => {
  const queue = [row('NEW', 1, number(1)), row('OLD', 2, number(2))]
  const clock = createFakeClock()
  const rig = protectedSender([], limited(10, { circuitBreaker: 'Automatic' }), clock)
  rig.protection.sent({ jid: number(2), pn: number(2) })
  const until = new Date(clock.now().getTime() + 3 * MINUTE)
  rig.protection.heard({ reason: 'restricted', until })
  await rig.sender.stop()
  rig.protection.stop()
  const again = setUp(queue, rig.state, clock, limited(10, { circuitBreaker: 'Automatic' }))
  const times: string[] = []
  again.behaviour.relay = async (id) => void times.push(id)
  again.protection.start()
  again.sender.ready(again.messenger)
  await clock.advance(MINUTE)
  assert.deepEqual(times, ['OLD'])
  assert.deepEqual(
    again.protection.gate.waiting().map(({ id, reason, expectedAt }) => [id, reason, expectedAt]),
    [['NEW', 'restricted', until]],
  )
  await clock.advance(3 * MINUTE)
  assert.deepEqual([times, again.protection.status()], [['OLD', 'NEW'], undefined])
  await again.sender.stop()
  again.protection.stop()
})

test('a message that does not get through does not hold up the other chats', async () => {
  const queue = [row('A', 1, number(1)), row('B', 2, number(2))]
  const rig = protectedSender(queue, { ...PROTECTION_OFF, pacing: 'Human' })
  rig.behaviour.resolve = async (to) => {
    if (to === number(1)) throw new Error('no answer')
    return { jid: to }
  }
  await rig.clock.advance(30_000)
  assert.deepEqual([...rig.times.keys()], ['B'])
  assert.equal(rig.protection.gate.waiting()[0]?.reason, 'retrying')
  await rig.sender.stop()
  rig.protection.stop()
})

test('marketing to someone who opted out is refused, everything else goes', async () => {
  const queue = [{ ...row('AD', 1, number(1)), category: 'marketing' as const }, row('ORDER', 2, number(1))]
  const rig = protectedSender([], PROTECTION_OFF)
  const { changes, drafts } = rig.protection.received({
    id: 'IN',
    chat: { jid: number(1), pn: number(1) },
    sender: { jid: number(1) },
    fromMe: false,
    timestamp: new Date(),
    content: { type: 'text', text: 'Stop!' },
  })
  rig.state.apply(changes, drafts)
  const again = setUp(queue, rig.state)
  again.sender.ready(again.messenger)
  await until(() => again.relayed.length === 1)
  assert.deepEqual(again.relayed, ['ORDER'])
  await again.sender.stop()
  const entries = rig.state.cut()?.entries ?? []
  const told = entries.map(({ type, data }) => [
    type,
    'status' in data ? data.status : '',
    'error' in data ? data.error?.code : '',
  ])
  assert.deepEqual(told.slice(0, 2), [
    ['contact.optedOut', '', ''],
    ['message.status', 'failed', 'recipient_opted_out'],
  ])
  await rig.sender.stop()
})

test('a thousand messages to one chat keep neither the memory nor the other chats busy', async () => {
  const rows = [...Array(1_000).keys()].map((i) => row(`A${i}`, i + 1, number(1)))
  const { clock, times, sender, protection } = protectedSender(
    [...rows, row('B', 1_001, number(2))],
    limited(20),
  )
  await clock.advance(MINUTE)
  assert.ok(times.has('B'))
  assert.ok(protection.gate.count() <= 60)
  await clock.advance(50 * MINUTE)
  assert.equal(times.size, 1_001)
  const inOrder = [...times.keys()].filter((id) => id !== 'B')
  assert.deepEqual(
    inOrder,
    rows.map(({ messageId }) => messageId),
  )
  await sender.stop()
  protection.stop()
})

test('hundreds that may not begin do not keep out those who have a conversation', async () => {
  const clock = createFakeClock()
  const rows = [...Array(600).keys()].map((i) => row(`N${i}`, i + 1, number(1_000 + i)))
  const queue = [...rows]
  const rig = protectedSender(queue, limited(1_000, { circuitBreaker: 'Automatic' }), clock)
  rig.protection.heard({
    reason: 'capped',
    level: 'capped',
    until: new Date(clock.now().getTime() + 60 * MINUTE),
  })
  rig.protection.sent({ jid: number(1), pn: number(1) })
  rig.sender.ready(rig.messenger)
  const before = rig.times.size
  await clock.advance(MINUTE)
  queue.push(row('OLD', 601, number(1)))
  rig.sender.wake()
  await clock.advance(1_000)
  assert.ok(rig.times.has('OLD'))
  assert.equal(rig.times.size, before + 1)
  await clock.advance(62 * MINUTE)
  assert.equal(rig.times.size, 601)
  await rig.sender.stop()
  rig.protection.stop()
})

test('another number begins anew, the same one goes on where it was', async () => {
  const rig = protectedSender(
    [row('A', 1, number(1))],
    limited(1, { circuitBreaker: 'Automatic', warmUp: 'Gradual' }),
  )
  rig.protection.linked('491')
  const linkedAt = rig.clock.now()
  await rig.clock.advance(1_000)
  rig.protection.signal('capped')
  const used = () => rig.protection.report().limits?.minute.used
  rig.protection.linked('491')
  assert.deepEqual([used(), rig.protection.status()?.state], [1, 'slow'])
  assert.deepEqual(rig.protection.report().warmUp?.since, linkedAt)
  rig.protection.linked('492')
  assert.deepEqual([used(), rig.protection.status(), rig.protection.report().score], [0, undefined, 0])
  assert.deepEqual(rig.protection.report().warmUp?.since, rig.clock.now())
  await rig.sender.stop()
  rig.protection.stop()
  assert.equal(rig.clock.pendingTimers(), 0)
})

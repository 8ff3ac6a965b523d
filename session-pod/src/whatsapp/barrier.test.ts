import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBarrier, type RawSocket } from './barrier.ts'

/** State and committer as numbers that the test moves. */
function setUp() {
  const at = { mark: 0, durable: 0, pending: 0, bytes: 0 }
  const sent: unknown[] = []
  const flow: string[] = []
  let tell: () => void = () => {}
  const barrier = createBarrier(
    { urgentMark: () => at.mark, pending: () => at.pending, pendingBytes: () => at.bytes },
    { durable: () => at.durable, onDurable: (listener) => (tell = () => listener([])) },
  )
  const socket: RawSocket & { readyState: number } = {
    readyState: 1,
    send: (data, callback) => {
      sent.push(data)
      callback?.()
    },
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
    _socket: { cork: () => flow.push('cork'), uncork: () => flow.push('uncork') },
  }
  barrier.attach(socket)
  const commit = (durable: number) => {
    at.durable = durable
    tell()
  }
  return { at, sent, flow, barrier, socket, commit }
}

test('no frame leaves before what it depends on, and frames keep their order', () => {
  const step = fc.oneof(
    fc.constant('change' as const),
    fc.constant('frame' as const),
    fc.constant('commit' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { at, sent, socket, commit } = setUp()
      const frames: { mark: number }[] = []
      for (const kind of steps) {
        if (kind === 'change') at.mark += 1
        if (kind === 'commit') commit(at.mark)
        if (kind === 'frame') {
          const frame = { mark: at.mark }
          frames.push(frame)
          socket.send(frame)
        }
        assert.deepEqual(sent, frames.slice(0, sent.length))
        for (const frame of sent as { mark: number }[]) assert.ok(frame.mark <= at.durable)
      }
      commit(at.mark)
      assert.equal(sent.length, frames.length)
    }),
  )
})

test('the writer is called back before the frame leaves, but never at once', async () => {
  const { at, sent, socket } = setUp()
  at.mark = 1
  let called = false
  socket.send('frame', () => {
    called = true
  })
  assert.equal(called, false)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([called, sent], [true, []])
})

test('frames of a socket that closed are dropped, not sent on the next', () => {
  const { at, sent, socket, barrier, commit } = setUp()
  at.mark = 1
  socket.send('old')
  socket.readyState = 3
  commit(1)
  assert.deepEqual([sent, barrier.waiting()], [[], 0])
})

test('reading stops while the log is far behind', () => {
  const { at, flow, socket, commit } = setUp()
  at.mark = 1
  at.pending = 3_000
  socket.send('frame')
  assert.deepEqual(flow, ['pause'])
  at.pending = 0
  commit(1)
  assert.deepEqual(flow, ['pause', 'cork', 'uncork', 'resume'])
})

test('reading stops by bytes, too: few large messages are much to write', () => {
  const { at, flow, socket, commit } = setUp()
  at.mark = 1
  at.pending = 10
  at.bytes = 5_000_000
  socket.send('frame')
  assert.deepEqual(flow, ['pause'])
  at.bytes = 0
  commit(1)
  assert.deepEqual(flow, ['pause', 'cork', 'uncork', 'resume'])
})

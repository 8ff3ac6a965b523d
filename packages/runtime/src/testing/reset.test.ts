import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { reset } from './reset.ts'

/** A connection, seen from its client; what its server saw as its end. */
async function connection(): Promise<{ socket: Socket; heard: Promise<string | undefined>; stop(): void }> {
  const heard = Promise.withResolvers<string | undefined>()
  const server = createServer({ allowHalfOpen: true }, (accepted) => {
    accepted.on('error', ({ message }) => heard.resolve(message))
    accepted.on('end', () => heard.resolve(undefined))
    accepted.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  return { socket, heard: heard.promise, stop: () => void server.close() }
}

test('a connection is reset', async () => {
  const { socket, heard, stop } = await connection()
  reset(socket)
  assert.match((await heard) ?? 'an end in order', /ECONNRESET/)
  stop()
})

test('a connection that is being ended closes all the same', async () => {
  const { socket, stop } = await connection()
  const failed: unknown[] = []
  socket.on('error', (error) => failed.push(error))
  const closed = once(socket, 'close')
  socket.end()
  // Now its end is under way.
  await new Promise<void>((next) => process.nextTick(() => process.nextTick(next)))
  reset(socket)
  await closed
  assert.deepEqual(failed, [])
  stop()
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock as clock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import { until } from '@warren/runtime/testing'
import { createSocketServer } from './socket-server.ts'

test('stops without an unhandled rejection while Redis does not answer', async (t) => {
  const accepted: Socket[] = []
  const redis = createTcpServer((socket) => accepted.push(socket.resume())).listen(0, '127.0.0.1')
  await once(redis, 'listening')
  t.after(() => {
    for (const socket of accepted) socket.destroy()
    redis.close()
  })
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.prependListener('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  const server = createSocketServer({
    httpServer: createServer(),
    redisUrl: `redis://127.0.0.1:${(redis.address() as AddressInfo).port}`,
    redisPrefix: 'test',
    origins: [],
    clock,
    logger: silentLogger,
    // Nothing of the rest is asked for before a client comes.
  } as unknown as Parameters<typeof createSocketServer>[0])
  server.start()
  await until(() => accepted.length === 2)
  await server.stop()
  await until(() => accepted.every(({ closed }) => closed))
  await turn()
  assert.deepEqual(unhandled, [])
})

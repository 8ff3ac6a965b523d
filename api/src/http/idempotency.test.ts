import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createFakeClock, systemClock } from '@warren/runtime/clock'
import { silentLogger as logger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import { until, withMongo } from '@warren/runtime/testing'
import type { Request, Response } from 'express'
import { connectPlatformDatabase } from '../platform/index.ts'
import { createIdempotency } from './idempotency.ts'

const { uri, dbName } = await withMongo({ after })
const database = await connectPlatformDatabase({ uri, dbName, logger })
after(() => database.close())
const mongo = await connectMongo({ uri, dbName, appName: 'test', logger, clock: systemClock })
after(() => mongo.close())

/** Two replicas at one database, each with a clock of its own: the clock of one that was killed stands still. */
function twoReplicas(key: string) {
  const clocks = [createFakeClock(new Date()), createFakeClock(new Date())] as const
  const [one, two] = clocks.map((clock) => createIdempotency(database, clock))
  assert.ok(one && two)
  const headers = new Map<string, unknown>()
  const req = { method: 'POST', originalUrl: '/messages', body: { text: 'once' } } as Request
  const res = { set: (name: string, value: unknown) => headers.set(name, value) } as unknown as Response
  return { clocks, one, two, headers, request: { key, organization: 'acme', req, res } }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const busy = { code: 'request_in_progress' }

test('a request whose process was killed is repeated after twelve seconds, with the same seed', async () => {
  const { clocks, one, two, request } = twoReplicas('killed')
  const seeds: string[] = []
  void one.run(request, (seed) => {
    seeds.push(hex(seed))
    return new Promise(() => {})
  })
  await until(() => seeds.length === 1)
  const repeat = () =>
    two.run(request, async (seed) => {
      seeds.push(hex(seed))
      return { status: 202, body: { id: 'm' } }
    })
  await assert.rejects(repeat(), busy)
  await clocks[1].advance(12_500)
  assert.deepEqual(await repeat(), { status: 202, body: { id: 'm' } })
  assert.equal(seeds[0], seeds[1])
})

test('a request that takes long is not repeated while its process lives', async () => {
  const { clocks, one, two, headers, request } = twoReplicas('slow')
  const work = Promise.withResolvers<{ status: number; body: unknown }>()
  let begun = 0
  const first = one.run(request, () => {
    begun += 1
    return work.promise
  })
  const repeat = () => two.run(request, () => assert.fail('a second run'))
  await until(() => begun === 1)
  for (let i = 0; i < 4; i++) {
    await clocks[0].advance(6_000)
    const latest = new Date(clocks[0].now().getTime() + 12_000)
    await until(() => mongo.db.collection('idempotency').findOne({ runningUntil: latest }))
    await clocks[1].advance(6_000)
    await assert.rejects(repeat(), busy)
  }
  work.resolve({ status: 202, body: { id: 'm' } })
  const reply = await first
  assert.deepEqual(await repeat(), reply)
  assert.equal(headers.get('Idempotent-Replayed'), 'true')
})

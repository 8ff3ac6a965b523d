import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { systemClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import express from 'express'
import { healthRouter } from './index.ts'

describe('probes', () => {
  it('ask the dependencies once, however many ask them, and know at once that the process stops', async () => {
    let asked = 0
    let draining = false
    const run = async () => {
      asked += 1
    }
    const router = healthRouter({
      checks: [{ name: 'mongo', run }],
      draining: () => draining,
      environment: 'test',
      version: '1',
      // The monotonic clock stands still, so that the second does not end while the test runs.
      clock: { ...systemClock, monotonicMs: () => 0 },
      logger: silentLogger,
    })
    const server = createServer(express().use(router)).listen(0, '127.0.0.1')
    after(() => server.close())
    await once(server, 'listening')
    const get = (path: string) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('/health')))
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal((await get('/readyz')).status, 200)
    assert.equal(asked, 1)
    draining = true
    assert.equal((await get('/readyz')).status, 503)
  })
})

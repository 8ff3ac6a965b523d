import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { createFakeClock, systemClock } from '../clock/index.ts'
import { createRegistry } from '../metrics/index.ts'
import { createHealthServer, type HealthServerOptions, runChecks } from './index.ts'

async function serve(t: TestContext, options: Partial<HealthServerOptions>) {
  const server = createHealthServer({
    port: 0,
    host: '127.0.0.1',
    version: '1.2.3',
    clock: systemClock,
    ...options,
  })
  await server.start()
  t.after(() => server.stop())
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${server.port()}${path}`, init)
    const text = await response.text()
    return { status: response.status, type: response.headers.get('content-type'), text }
  }
  return { server, get }
}

test('ready when all checks pass, with the duration and detail of each', async (t) => {
  const { get } = await serve(t, { readiness: [{ name: 'mongo', run: async () => ({ lag: 0 }) }] })
  const { status, text } = await get('/readyz')
  const report = JSON.parse(text)
  assert.deepEqual([status, report.status, report.version], [200, 'ok', '1.2.3'])
  assert.equal(report.checks.mongo.status, 'ok')
  assert.equal(typeof report.checks.mongo.durationMs, 'number')
  assert.deepEqual(report.checks.mongo.detail, { lag: 0 })
  assert.ok(!Number.isNaN(Date.parse(report.timestamp)))
})

test('503 when a check fails; an optional one only degrades; liveness does not ask them', async (t) => {
  let mongo: () => void = () => {
    throw new Error('no primary')
  }
  const { get } = await serve(t, {
    readiness: [
      { name: 'mongo', run: () => mongo() },
      { name: 'redis', optional: true, run: () => Promise.reject(new Error('away')) },
    ],
  })
  const failed = await get('/readyz')
  assert.equal(failed.status, 503)
  assert.equal(JSON.parse(failed.text).checks.mongo.error, 'no primary')
  mongo = () => {}
  const degraded = await get('/readyz')
  assert.deepEqual([degraded.status, JSON.parse(degraded.text).status], [200, 'degraded'])
  assert.equal((await get('/livez')).status, 200)
})

test('draining fails readiness and not liveness', async (t) => {
  const { server, get } = await serve(t, {})
  server.drain()
  assert.equal((await get('/readyz')).status, 503)
  assert.equal((await get('/livez')).status, 200)
})

test('a check that hangs fails at its own time', async () => {
  const clock = createFakeClock()
  const checks = [{ name: 'hangs', timeoutMs: 300, run: () => new Promise(() => {}) }]
  const running = runChecks(checks, { clock, version: '1' })
  await clock.advance(300)
  assert.deepEqual((await running).checks.hangs, {
    status: 'failed',
    durationMs: 300,
    error: 'no answer within 300 ms',
  })
})

test('metrics are served in the text format, or not at all', async (t) => {
  const registry = createRegistry({ service: 'test', version: '1.2.3' })
  const { get } = await serve(t, { metrics: registry })
  const { type, text } = await get('/metrics')
  assert.match(type ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(text, /^warren_build_info\{.*version="1\.2\.3".*\} 1$/m)
  const without = await serve(t, {})
  assert.equal((await without.get('/metrics')).status, 404)
})

test('anything else is refused', async (t) => {
  const { get } = await serve(t, {})
  assert.equal((await get('/')).status, 404)
  assert.equal((await get('/livez', { method: 'POST' })).status, 405)
  assert.equal((await get('/livez', { method: 'HEAD' })).text, '')
})

test('importing it loads no library, because session processes count their megabytes', async () => {
  const probe = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
    await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))})
    console.log(loaded.filter((url) => url.includes('node_modules')).length, loaded.length)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', probe])
  const [libraries, modules] = stdout.split(' ').map(Number)
  assert.equal(libraries, 0)
  assert.ok((modules ?? 0) >= 3)
})

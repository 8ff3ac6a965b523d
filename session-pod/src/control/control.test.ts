import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type EventEnvelope, type SessionStatus, WarrenError } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import { type ControlTarget, createControlServer } from './index.ts'

const STATUS: SessionStatus = { phase: 'connected', since: new Date(0) }

function targetOf(more: Partial<ControlTarget> = {}): ControlTarget {
  return {
    ...{ instance: 'default.demo', organization: 'acme', epoch: 3 },
    status: () => STATUS,
    run: async (call) => call,
    send: async ({ to }) => ({ id: '3EB0', to }),
    onEvent: () => () => {},
    ...more,
  }
}

async function serve(t: TestContext, target: () => ControlTarget | undefined) {
  const clock = createFakeClock()
  const server = createControlServer({ port: 0, host: '127.0.0.1', target, clock, logger: silentLogger })
  await server.start()
  t.after(() => server.stop())
  return { server, clock, port: server.port() }
}

/** `fetch` chooses Host itself; this does not. */
function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
) {
  return new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
    })
    sent.on('error', reject).end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

test('tells the status; 503 while no session is held', async (t) => {
  let target: ControlTarget | undefined
  const { port } = await serve(t, () => target)
  const early = await ask(port, 'GET', '/status')
  assert.deepEqual([early.status, early.body.code], [503, 'session_unavailable'])
  target = targetOf()
  const { status, body } = await ask(port, 'GET', '/status')
  assert.equal(status, 200)
  assert.deepEqual(
    [body.instance, body.epoch, (body.status as SessionStatus).phase],
    ['default.demo', 3, 'connected'],
  )
})

test('a pairing is shown while there is one', async (t) => {
  const pairing = { method: 'qr', qr: '2@abc', attempt: 1, maxAttempts: 3 } as const
  let status: SessionStatus = { phase: 'pairing', since: new Date(0), pairing }
  const { port } = await serve(t, () => targetOf({ status: () => status }))
  assert.deepEqual((await ask(port, 'GET', '/pairing')).body, pairing)
  status = STATUS
  const refused = await ask(port, 'GET', '/pairing')
  assert.deepEqual([refused.status, refused.body.code], [409, 'pairing_unavailable'])
})

const refusals: [
  name: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | undefined,
  code: string,
][] = [
  [
    'a foreign Host, as after DNS rebinding',
    'GET',
    '/status',
    { host: 'evil.example:8082' },
    undefined,
    'forbidden',
  ],
  [
    'a name that only begins like ours',
    'GET',
    '/status',
    { host: 'localhost.evil.example' },
    undefined,
    'forbidden',
  ],
  [
    'a web page',
    'POST',
    '/commands/session.logout',
    { ...JSON_TYPE, origin: 'https://evil.example' },
    '{}',
    'forbidden',
  ],
  ['a form of a web page', 'GET', '/status', { 'sec-fetch-site': 'cross-site' }, undefined, 'forbidden'],
  [
    'a body of another type',
    'POST',
    '/messages',
    { 'content-type': 'text/plain' },
    '{}',
    'unsupported_media_type',
  ],
  ['what is not JSON', 'POST', '/messages', JSON_TYPE, '{', 'validation_failed'],
  ['a message without text', 'POST', '/messages', JSON_TYPE, '{"to":"491701234567"}', 'validation_failed'],
  ['an endless body', 'POST', '/messages', JSON_TYPE, 'x'.repeat(600_000), 'payload_too_large'],
  ['another method', 'DELETE', '/status', {}, undefined, 'method_not_allowed'],
  ['an unknown path', 'GET', '/', {}, undefined, 'not_found'],
  ['an unknown command', 'POST', '/commands/session.explode', JSON_TYPE, '{}', 'not_found'],
  ['credentials to take away', 'POST', '/commands/session.export', JSON_TYPE, '{}', 'not_found'],
  ['what every object has', 'POST', '/commands/toString', JSON_TYPE, '{}', 'not_found'],
]
for (const [name, method, path, headers, body, code] of refusals) {
  test(`refuses ${name}`, async (t) => {
    const { port } = await serve(t, () => targetOf())
    assert.equal((await ask(port, method, path, headers, body)).body.code, code)
  })
}

test('runs commands and answers with their errors', async (t) => {
  const { port } = await serve(t, () =>
    targetOf({
      async run({ command, request: given }) {
        if (command === 'session.logout') throw new WarrenError('not_paired')
        return { command, given }
      },
    }),
  )
  const restarted = await ask(port, 'POST', '/commands/session.restart', JSON_TYPE)
  assert.deepEqual(restarted.body, { command: 'session.restart', given: {} })
  const refused = await ask(port, 'POST', '/commands/session.logout', JSON_TYPE, '{}')
  assert.deepEqual([refused.status, refused.body.code], [409, 'not_paired'])
})

test('events are streamed, with heartbeats, until the reader goes', async (t) => {
  const listeners = new Set<(event: EventEnvelope) => void>()
  const onEvent = (listener: (event: EventEnvelope) => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const { port, clock } = await serve(t, () => targetOf({ onEvent }))
  const abort = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/events`, { signal: abort.signal })
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const readUntil = async (part: string) => {
    while (!text.includes(part)) text += (await reader?.read())?.value ?? assert.fail(`no ${part} in ${text}`)
  }
  await readUntil(': open')
  const event = { id: 'default.demo:7', seq: 7, type: 'session.loggedOut', data: { reason: 'x' } }
  for (const listener of listeners) listener(event as unknown as EventEnvelope)
  await readUntil(`id: default.demo:7\nevent: session.loggedOut\ndata: ${JSON.stringify(event)}\n\n`)
  await clock.advance(15_000)
  await readUntil(': heartbeat')
  const gone = Promise.withResolvers<void>()
  const forget = listeners.delete.bind(listeners)
  listeners.delete = (listener) => {
    gone.resolve()
    return forget(listener)
  }
  abort.abort()
  await gone.promise
  assert.equal(listeners.size, 0)
})

test('listens on the loopback interface only', () => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1'])
    assert.throws(
      () =>
        createControlServer({
          ...{ port: 0, host, target: () => undefined },
          ...{ clock: createFakeClock(), logger: silentLogger },
        }),
      RangeError,
    )
})

test('a port that is taken does not stop the session', async (t) => {
  const { port } = await serve(t, () => undefined)
  const clock = createFakeClock()
  const second = createControlServer({
    port,
    host: '127.0.0.1',
    target: () => undefined,
    clock,
    logger: silentLogger,
  })
  await second.start()
  assert.equal(second.port(), 0)
  await second.stop()
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { isWarrenError } from '@warren/contracts'
import { createFakeClock, systemClock } from '../../clock/index.ts'
import { until } from '../../testing/index.ts'
import { createKubernetesApi } from './api.ts'
import { isExpired } from './errors.ts'
import { createHttp } from './http.ts'
import { INSTANCES, PODS } from './resources.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

let answers: Answer[] = []
const seen: string[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  seen.push(`${request.method} ${request.url}`)
  const answer = answers.shift()
  if (answer) answer(request, response, body)
  else response.writeHead(500).end()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => {
  server.close()
  server.closeAllConnections()
})

function setUp(clock = systemClock) {
  seen.length = 0
  let token = 0
  const answered: string[] = []
  const http = createHttp({
    credentials: {
      current: async () => ({
        server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/below`),
        headers: { authorization: `Bearer ${token}` },
        tls: {},
      }),
      rejected: () => {
        token += 1
      },
    },
    clock,
    userAgent: 'test',
    onAnswer: (method, code) => answered.push(`${method} ${code}`),
  })
  return { api: createKubernetesApi(http, { fieldManager: 'test' }), answered }
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const failure = (call: Promise<unknown>) =>
  call.then(
    () => assert.fail('it should have failed'),
    (error: unknown) => error,
  )

test('paths, queries and bodies are those of Kubernetes', async () => {
  const { api } = setUp()
  const key = { namespace: 'shop', name: 'sales' }
  let sent = ''
  answers = [
    json(200, {}),
    (request, response, body) => {
      sent = `${request.headers['content-type']} ${body}`
      response.end('{}')
    },
    json(200, {}),
  ]
  await api.list(PODS, { namespace: 'shop', labelSelector: 'a=b', limit: 5, continueToken: undefined })
  const guard = { uid: 'u', resourceVersion: '3' }
  await api.apply(INSTANCES, key, { status: {} }, guard, { subresource: 'status' })
  await api.delete(PODS, key, { uid: 'u' })
  assert.deepEqual(seen, [
    'GET /below/api/v1/namespaces/shop/pods?labelSelector=a%3Db&limit=5',
    'PATCH /below/apis/warren.dev/v1alpha1/namespaces/shop/whatsappinstances/sales/status?fieldManager=test&fieldValidation=Strict&force=true',
    'DELETE /below/api/v1/namespaces/shop/pods/sales',
  ])
  const body = {
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'WhatsAppInstance',
    status: {},
    metadata: { ...key, ...guard },
  }
  assert.equal(sent, `application/apply-patch+yaml ${JSON.stringify(body)}`)
})

test('answers become errors of the table', async () => {
  const { api, answered } = setUp()
  const key = { namespace: 'shop', name: 'sales' }
  const causes = [{ reason: 'FieldValueInvalid', field: 'spec.a', message: 'Invalid value: too long' }]
  for (const [status, reason, code] of [
    [404, 'NotFound', 'not_found'],
    [409, 'AlreadyExists', 'already_exists'],
    [409, 'Conflict', 'conflict'],
    [403, 'Forbidden', 'forbidden'],
    [422, 'Invalid', 'validation_failed'],
    [410, 'Expired', 'dependency_unavailable'],
    [500, 'InternalError', 'dependency_unavailable'],
  ] as const) {
    answers = [json(status, { kind: 'Status', reason, message: 'said the server', details: { causes } })]
    const error = await failure(api.get(INSTANCES, key))
    assert.ok(isWarrenError(error, code), `${status}: ${error}`)
    assert.equal(error.message, 'said the server')
    assert.deepEqual(error.details.fields, [{ path: 'spec.a', message: 'Invalid value: too long' }])
    assert.equal(isExpired(error), status === 410)
  }
  answers = [(_request, response) => response.destroy()]
  assert.ok(isWarrenError(await failure(api.get(INSTANCES, key)), 'dependency_unavailable'))
  assert.deepEqual(answered.slice(-2), ['GET 500', 'GET <error>'])
})

test('old credentials are read again once, and what the server puts off is repeated', async () => {
  const { api } = setUp()
  const tokens: unknown[] = []
  const refuse: Answer = (request, response) => {
    tokens.push(request.headers.authorization)
    response.writeHead(401).end('{}')
  }
  answers = [
    refuse,
    (request, response) => {
      tokens.push(request.headers.authorization)
      response.end('{"ok":1}')
    },
  ]
  assert.deepEqual(await api.get(INSTANCES, { name: 'a' }), { ok: 1 })
  assert.deepEqual(tokens, ['Bearer 0', 'Bearer 1'])
  answers = [refuse, refuse]
  assert.ok(isWarrenError(await failure(api.get(INSTANCES, { name: 'a' })), 'dependency_unavailable'))
  answers = [
    json(429, {}, { 'retry-after': '0' }),
    json(503, {}, { 'retry-after': '0' }),
    json(200, { ok: 2 }),
  ]
  assert.deepEqual(await api.create(INSTANCES, 'shop', {}), { ok: 2 })
  answers = [json(503, { message: 'no pause was promised' }), json(200, {})]
  assert.ok(isWarrenError(await failure(api.create(INSTANCES, 'shop', {})), 'dependency_unavailable'))
})

test('a call without an answer ends after 30 seconds', async () => {
  const clock = createFakeClock()
  const { api } = setUp(clock)
  answers = [() => {}]
  const call = failure(api.get(INSTANCES, { name: 'a' }))
  await until(() => seen.length === 1)
  await clock.advance(30_000)
  const error = await call
  assert.ok(isWarrenError(error, 'dependency_unavailable'))
  assert.match(error.message, /no answer within 30000 ms/)
  assert.equal(clock.pendingTimers(), 0)
})

test('a watch is read event by event, however it is cut, until it is ended from either side', async () => {
  const clock = createFakeClock()
  const { api } = setUp(clock)
  const events = [1, 2].map((version) => ({ type: 'ADDED', object: { version, text: 'ä€😀' } }))
  let open: ServerResponse | undefined
  answers = [
    (_request, response) => {
      open = response
      response.write('')
    },
  ]
  const got: unknown[] = []
  const stop = new AbortController()
  const watching = (async () => {
    const query = { resourceVersion: '7', timeoutSeconds: 300 }
    for await (const event of api.watch(PODS, query, stop.signal)) got.push(event)
  })()
  await until(() => open)
  for (const byte of Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join('')))
    open?.write(Buffer.from([byte]))
  await until(() => got.length === 2)
  assert.deepEqual(got, events)
  await clock.advance(60_000)
  assert.match(seen[0] ?? '', /watch=true&allowWatchBookmarks=true/)
  stop.abort()
  await failure(watching)
  answers = [(_request, response) => response.end(`${JSON.stringify(events[0])}\n`)]
  const closed: unknown[] = []
  const query = { resourceVersion: '7', timeoutSeconds: 300 }
  for await (const event of api.watch(PODS, query, new AbortController().signal)) closed.push(event)
  assert.deepEqual(closed, [events[0]])
})

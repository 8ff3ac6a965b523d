import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { isWarrenError } from '@warren/contracts'
import { CliError } from '../errors.ts'
import { createControlClient } from './kubernetes/control-client.ts'
import { serverUrl } from './open.ts'
import { problemError } from './problem.ts'
import { createRestClient } from './rest/rest-client.ts'
import { readSse } from './sse.ts'

async function serve(t: TestContext, handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}

test('server-sent events are read wherever the chunks are cut', async () => {
  const text =
    ': open\n\nid: a:1\nevent: x\ndata: {"a":"ü"}\n\n: heartbeat\n\nretry: 5\n\ndata: 1\ndata: 2\n\ndata: cut o'
  const expected = [
    { id: 'a:1', type: 'x', data: '{"a":"ü"}' },
    { type: 'message', data: '1\n2' },
  ]
  const bytes = Buffer.from(text)
  for (let at = 0; at <= bytes.length; at++) {
    const halves = async function* () {
      yield bytes.subarray(0, at)
      yield bytes.subarray(at)
    }
    assert.deepEqual(await all(readSse(halves())), expected, `cut at ${at}`)
  }
  assert.deepEqual(await all(readSse(chunks('data:x\r\n\r\n'))), [{ type: 'message', data: 'x' }])
})

test('a problem document keeps its code, and what is none gets one by its status', () => {
  const problem = { code: 'not_paired', title: 'T', detail: 'Not linked.' }
  const error = problemError(409, JSON.stringify(problem))
  assert.ok(isWarrenError(error, 'not_paired'))
  assert.equal(error.message, 'Not linked.')
  assert.equal(problemError(502, '<html>').code, 'dependency_unavailable')
  assert.equal(problemError(401, '').code, 'unauthenticated')
  assert.equal(problemError(400, '{"code":"made_up"}').code, 'internal')
})

test('the control client asks over any connection, one request each', async (t) => {
  const seen: string[] = []
  const port = await serve(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push(`${request.method} ${request.url} ${request.headers.host} ${body}`)
    if (request.url === '/refused') return void response.writeHead(409).end('{"code":"suspended"}')
    if (request.url === '/events') return void response.write('data: 1\n\n')
    response.end('{"ok":true}')
  })
  let dialled = 0
  const client = createControlClient(async () => {
    dialled += 1
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  })
  assert.deepEqual(await client.call('POST', '/messages', { to: '1' }), { ok: true })
  assert.deepEqual(await client.call('GET', '/status'), { ok: true })
  assert.deepEqual(seen, ['POST /messages localhost {"to":"1"}', 'GET /status localhost '])
  await assert.rejects(client.call('GET', '/refused'), (error) => isWarrenError(error, 'suspended'))
  const abort = new AbortController()
  const stream = await client.stream('/events', abort.signal)
  for await (const event of readSse(stream)) {
    assert.equal(event.data, '1')
    break
  }
  abort.abort()
  assert.equal(dialled, 4)
})

test('a token goes to its server only: no redirects, no plain HTTP to another machine', async (t) => {
  let stolen: string | undefined
  const elsewhere = await serve(t, (request, response) => {
    stolen = request.headers.authorization
    response.end('{}')
  })
  const port = await serve(t, (_request, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${elsewhere}/` }).end(),
  )
  const client = createRestClient(`http://127.0.0.1:${port}`, 'secret')
  await assert.rejects(client.call('GET', '/instances'), (error) =>
    isWarrenError(error, 'dependency_unavailable'),
  )
  assert.equal(stolen, undefined)
  for (const url of ['http://warren.example', 'ftp://localhost', 'localhost:8080', ''])
    assert.throws(() => serverUrl(url), CliError, url)
  assert.equal(serverUrl('https://warren.example/base/'), 'https://warren.example/base')
  assert.equal(serverUrl('http://localhost:8080/'), 'http://localhost:8080')
})

test('who does not speak the API is told so', async (t) => {
  const port = await serve(t, (_request, response) => response.end('<html>'))
  await assert.rejects(
    createRestClient(`http://127.0.0.1:${port}`, 'x').call('GET', '/'),
    /does not speak Warren's API/,
  )
})

/** What every request passes: budgets, headers, probes, documentation. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startApi, startServices } from '../testing/harness.ts'

const services = await startServices({ after })
const { api, send } = await startApi(services, { CORS_ORIGINS: 'https://app.example.org' })

describe('budgets', () => {
  it('are told in headers, counted over all replicas, and end with 429', async () => {
    const limits = {
      RATE_LIMIT: 'on',
      RATE_LIMIT_API: '4/60',
      RATE_LIMIT_AUTH: '100/60',
      RATE_LIMIT_MESSAGES: '1/60',
    } as const
    const [one, two] = [await startApi(services, limits), await startApi(services, limits)]
    const { token } = await one.register()
    const left = []
    for (const { send } of [one, two, one, two]) {
      const { headers } = await send('GET', '/api/v1/auth/me', { token })
      left.push(headers.get('ratelimit-remaining'))
    }
    assert.deepEqual(left, ['3', '2', '1', '0'])
    const refused = await one.send('GET', '/api/v1/auth/me', { token })
    assert.equal(refused.body.code, 'rate_limited')
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    assert.equal(refused.headers.get('ratelimit-limit'), '4')
    // Another class has a budget of its own.
    const body = { to: '4915112345678', type: 'text', text: 'hi' }
    const message = () => one.send('POST', '/api/v1/instances/default.x/messages', { token, body })
    assert.equal((await message()).body.code, 'not_found')
    assert.equal((await message()).body.code, 'rate_limited')
  })

  it('stop guessing, of passwords and of tokens', async () => {
    const limits = { RATE_LIMIT: 'on', RATE_LIMIT_API: '2/60', RATE_LIMIT_AUTH: '2/60' } as const
    const { send } = await startApi({ ...services, busPrefix: `${services.busPrefix}guess:` }, limits)
    const login = () =>
      send('POST', '/api/v1/auth/login', { body: { email: 'a@example.org', password: 'x' } })
    const codes = [await login(), await login(), await login()].map((answer) => answer.body.code)
    assert.deepEqual(codes, ['invalid_credentials', 'invalid_credentials', 'rate_limited'])
    const guess = () => send('GET', '/api/v1/auth/me', { token: 'wrn_guess' })
    const guesses = [await guess(), await guess(), await guess()].map((answer) => answer.body.code)
    assert.deepEqual(guesses, ['unauthenticated', 'unauthenticated', 'rate_limited'])
  })
})

describe('shared budgets', () => {
  it('bound an organisation however many keys it makes, and an account however many addresses guess', async () => {
    const limits = {
      RATE_LIMIT: 'on',
      RATE_LIMIT_API: '1000/60',
      RATE_LIMIT_AUTH: '1/60',
      RATE_LIMIT_MESSAGES: '1/60',
      TRUST_PROXY: 1,
    } as const
    const { send, register } = await startApi(
      { ...services, busPrefix: `${services.busPrefix}shared:` },
      limits,
    )
    const { token, email } = await register()
    const body = { to: '4915112345678', type: 'text', text: 'hi' }
    const codes: string[] = []
    for (let n = 0; n < 11; n++) {
      const key = await send('POST', '/api/v1/keys', {
        token,
        body: { name: 'k', scopes: ['messages:write'] },
      })
      const path = '/api/v1/instances/default.x/messages'
      codes.push((await send('POST', path, { token: key.body.key, body })).body.code)
    }
    assert.deepEqual(codes, [...Array(10).fill('not_found'), 'rate_limited'])
    const guesses: string[] = []
    for (let n = 0; n < 11; n++) {
      const headers = { 'x-forwarded-for': `203.0.113.${n + 1}` }
      const guess = { email: n % 2 ? email : email.toUpperCase(), password: 'x' }
      guesses.push((await send('POST', '/api/v1/auth/login', { headers, body: guess })).body.code)
    }
    assert.deepEqual(guesses, [...Array(10).fill('invalid_credentials'), 'rate_limited'])
  })
})

describe('headers', () => {
  it('protect a browser, and let only listed origins call', async () => {
    const { headers } = await send('GET', '/health')
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
    assert.match(headers.get('strict-transport-security') ?? '', /max-age/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('x-powered-by'), null)
    const from = async (origin: string) =>
      (await send('GET', '/health', { headers: { origin } })).headers.get('access-control-allow-origin')
    assert.equal(await from('https://app.example.org'), 'https://app.example.org')
    assert.equal(await from('https://evil.example.org'), null)
  })

  it('carry the caller’s request id when it is harmless, else one of ours', async () => {
    const id = async (given: string) =>
      (await send('GET', '/health', { headers: { 'x-request-id': given } })).headers.get('x-request-id')
    assert.equal(await id('trace-12345'), 'trace-12345')
    assert.match((await id('<script>alert(1)</script>')) ?? '', /^req_/)
  })
})

describe('probes', () => {
  it('tell status, time, environment, version and each dependency', async () => {
    for (const path of ['/health', '/readyz']) {
      const { status, body } = await send('GET', path)
      assert.equal(status, 200)
      assert.equal(body.status, 'ok')
      assert.equal(body.environment, 'test')
      assert.match(body.version, /^\d+\.\d+\.\d+/)
      assert.ok(Date.parse(body.timestamp))
      assert.deepEqual(Object.keys(body.dependencies), ['mongo', 'redis'])
    }
    assert.equal((await send('GET', '/livez')).status, 200)
  })
})

describe('documentation', () => {
  it('describes every route, with nothing left undefined', async () => {
    const { body } = await send('GET', '/api/v1/openapi.json')
    assert.equal(body.openapi, '3.1.0')
    const operations = Object.values(body.paths).flatMap((path) => Object.values(path as object))
    const routes = api.web.modules.flatMap((module) => module.routes)
    assert.deepEqual(
      operations.map((operation) => operation.operationId).sort(),
      routes.map(({ contract }) => contract.id).sort(),
    )
    for (const [path, methods] of Object.entries(
      body.paths as Record<string, Record<string, { parameters: { name: string; in: string }[] }>>,
    ))
      for (const { parameters } of Object.values(methods)) {
        const declared = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
        assert.deepEqual(
          declared.sort(),
          [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort(),
          path,
        )
      }
    const references = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1],
    )
    assert.ok(references.length > 20)
    for (const name of references) assert.ok(body.components.schemas[name ?? ''], `no schema ${name}`)
    const send_ = body.paths['/instances/{instance}/messages'].post
    assert.equal(send_.requestBody.content['application/json'].schema.additionalProperties, false)
    assert.ok(send_.parameters.some((parameter: { name: string }) => parameter.name === 'Idempotency-Key'))
  })

  it('is a page of this server alone', async () => {
    const page = await send('GET', '/docs')
    const sources = [...String(page.body).matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
    assert.equal(sources.length, 4)
    for (const source of sources) {
      assert.ok(source.startsWith('/docs/'))
      assert.equal((await send('GET', source)).status, 200)
    }
  })
})

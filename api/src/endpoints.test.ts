/** What holds for every endpoint, asked of every endpoint: the list is that of the contracts, so a new one cannot be forgotten. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ERRORS, type ErrorCode } from '@warren/contracts'
import { until } from '@warren/runtime/testing'
import { errorCodesOf } from './http/error-codes.ts'
import type { RouteContract } from './http/index.ts'
import type { Answer, SendOptions, Tenant } from './testing/client.ts'
import { startApi, startServices } from './testing/harness.ts'
import { startPod, textMessage } from './testing/pod.ts'

const services = await startServices({ after })
const { api, send, register, bus } = await startApi(services, { BODY_LIMIT_BYTES: 50_000 })
const contracts = api.web.modules.flatMap((module) => module.routes.map((route) => route.contract))
const guarded = contracts.filter(({ access }) => access !== 'public')
const withBody = contracts.filter(({ request }) => request.body)

let owner: Tenant
let stranger: Tenant
let own: Record<string, string>

before(async () => {
  ;[owner, stranger] = [await register(), await register()]
  const { token } = owner
  const instance = (await send('POST', '/api/v1/instances', { token, body: {} })).body.id
  const body = { to: '4915112345678', type: 'text', text: 'hi' }
  const message = (await send('POST', `/api/v1/instances/${instance}/messages`, { token, body })).body.id
  const key = (await send('POST', '/api/v1/keys', { token, body: { name: 'k', scopes: ['keys:read'] } })).body
    .id
  const file = new FormData()
  file.append('file', new Blob([PNG]), 'a.png')
  const uploaded = await fetch(`${api.web.address()}/api/v1/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: file,
  })
  const media = ((await uploaded.json()) as { id: string }).id
  await send('POST', '/api/v1/proxies', { token, body: { name: 'eu', urls: ['http://proxy.example:8080'] } })
  const pod = await startPod({ store: services.store, bus }, owner.organization, instance)
  await pod.receive(textMessage('IN1', `${PHONE}@s.whatsapp.net`, 'hello'))
  const chat = `/api/v1/instances/${instance}/chats/${PHONE}`
  await until(async () => (await send('GET', chat, { token })).status === 200)
  await pod.release()
  own = { pool: 'eu', instance, message, key, media, contact: PHONE, chat: PHONE, snapshot: '1' }
})

const PHONE = '4915112345678'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** The path with the owner's ids in it. */
function pathOf({ path }: RouteContract): string {
  return `/api/v1${path.replaceAll(/:(\w+)/g, (_, name: string) => own[name] ?? assert.fail(`no ${name}`))}`
}

const call = (contract: RouteContract, options: SendOptions = {}) =>
  send(contract.method.toUpperCase(), pathOf(contract), options)

function assertProblem(answer: Answer, contract: RouteContract, ...codes: ErrorCode[]): void {
  const told = `${contract.id} answered ${answer.status} ${JSON.stringify(answer.body)}`
  assert.ok(codes.includes(answer.body.code), told)
  assert.equal(answer.status, ERRORS[answer.body.code as ErrorCode].status, told)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, told)
  assert.equal(answer.body.requestId, answer.headers.get('x-request-id'), told)
  assert.ok(
    errorCodesOf(contract).includes(answer.body.code),
    `${contract.id} does not document ${answer.body.code}`,
  )
  assert.equal(answer.body.stack, undefined)
}

describe('every endpoint', () => {
  it('is among those that this test was written for', () => {
    assert.ok(contracts.length >= 35, `${contracts.length} endpoints`)
    assert.equal(new Set(contracts.map(({ id }) => id)).size, contracts.length)
  })

  it('has a rate class, and asks for a scope unless it is about the caller', () => {
    const open = contracts.filter(({ access }) => access === 'public').map(({ id }) => id)
    assert.deepEqual(open.sort(), [
      // These two ask for a token of their own: see modules/passkey.
      'assertPasskeyWithHelper',
      'getPasskeyHelperStep',
      'login',
      'refresh',
      'register',
    ])
    const unscoped = guarded.filter(({ access }) => access.length === 0).map(({ id }) => id)
    assert.deepEqual(unscoped.sort(), ['logout', 'me'])
    for (const { rate, id } of contracts) assert.notEqual(rate, 'none', id)
  })

  it('refuses to answer without a token, and with one that is none', async () => {
    for (const contract of guarded) {
      assertProblem(await call(contract), contract, 'unauthenticated')
      assertProblem(await call(contract, { token: 'wrn_nonsense' }), contract, 'unauthenticated')
      assertProblem(await call(contract, { token: 'a.b.c' }), contract, 'unauthenticated')
    }
  })

  it('does not know the ids of another organisation', async () => {
    const named = guarded.filter(({ path }) => path.includes(':'))
    assert.ok(named.length >= 20)
    for (const contract of named) {
      const body = validBodies[contract.id]
      const answer = await call(contract, { token: stranger.token, ...(body ? { body } : {}) })
      assertProblem(answer, contract, 'not_found')
    }
    // And nothing of it has reached the owner's things.
    for (const path of ['', '/messages', `/messages/${own.message}`])
      assert.equal(
        (await send('GET', `/api/v1/instances/${own.instance}${path}`, { token: owner.token })).status,
        200,
      )
    assert.equal((await send('GET', `/api/v1/media/${own.media}`, { token: owner.token })).status, 200)
  })

  it('is closed to a key without its scopes', async () => {
    const scoped = guarded.filter(({ access }) => access.length > 0 && !access.includes('keys:read'))
    const { key } = (
      await send('POST', '/api/v1/keys', { token: owner.token, body: { name: 'x', scopes: ['keys:read'] } })
    ).body
    for (const contract of scoped) assertProblem(await call(contract, { token: key }), contract, 'forbidden')
  })

  it('is closed to a key of another instance, and to a bound key where it would reach beyond', async () => {
    const other = (await send('POST', '/api/v1/instances', { token: owner.token, body: {} })).body.id
    const scopes = guarded.flatMap(({ access }) => access as readonly string[])
    const body = { name: 'bound', scopes: [...new Set(scopes)], instance: other }
    const { key } = (await send('POST', '/api/v1/keys', { token: owner.token, body })).body
    for (const contract of guarded) {
      if (contract.path.includes(':instance'))
        assertProblem(await call(contract, { token: key }), contract, 'not_found')
      else if (!contract.boundKeys) assertProblem(await call(contract, { token: key }), contract, 'forbidden')
    }
    const list = await send('GET', '/api/v1/instances', { token: key })
    assert.deepEqual(
      list.body.items.map((one: { id: string }) => one.id),
      [other],
    )
  })

  it('names the fields of a bad body, and refuses what it does not know', async () => {
    for (const contract of withBody) {
      const token = contract.access === 'public' ? {} : { token: owner.token }
      const answer = await call(contract, { ...token, body: { ...validBodies[contract.id], surprise: 1 } })
      assertProblem(answer, contract, 'validation_failed')
      assert.ok(
        answer.body.errors.some((error: { path: string }) => error.path === 'body.surprise'),
        contract.id,
      )
      for (const body of [[], 'text', 5, null, { $where: '1' }, JSON.parse('{"__proto__": {"admin": true}}')])
        assertProblem(await call(contract, { ...token, body }), contract, 'validation_failed')
    }
  })

  it('refuses operators in nested bodies and in queries', async () => {
    const { token } = owner
    const login = { email: { $gt: '' }, password: { $gt: '' } }
    assert.equal((await send('POST', '/api/v1/auth/login', { body: login })).status, 400)
    const query = await send('GET', `/api/v1/instances/${own.instance}/messages?chat[$ne]=1`, { token })
    assert.equal(query.status, 400)
  })

  it('refuses broken JSON, other types and large bodies', async () => {
    const post = (body: string, type: string, path = '/api/v1/auth/login') =>
      fetch(api.web.address() + path, { method: 'POST', headers: { 'content-type': type }, body })
    assert.equal((await post('{"email":', 'application/json')).status, 400)
    assert.equal((await post('email=x', 'application/x-www-form-urlencoded')).status, 415)
    assert.equal((await post(JSON.stringify({ email: 'x'.repeat(60_000) }), 'application/json')).status, 413)
  })

  it('answers what its contract promises', async () => {
    const { token } = owner
    for (const contract of contracts.filter(({ method, success }) => method === 'get' && success.schema)) {
      // In tests the app itself compares each answer with its schema.
      const answer = await call(contract, { token })
      const ofThePod = ['getQr', 'getPasskey', 'getProtection', 'listQueue', 'listSnapshots'].includes(
        contract.id,
      )
      if (ofThePod) assertProblem(answer, contract, 'session_unavailable')
      else if (contract.access === 'public') assertProblem(answer, contract, 'unauthenticated')
      else assert.equal(answer.status, 200, `${contract.id}: ${JSON.stringify(answer.body)}`)
    }
  })

  it('tells apart what does not exist and what cannot be done', async () => {
    const { token } = owner
    assert.equal((await send('GET', '/api/v1/nothing', { token })).body.code, 'not_found')
    const wrong = await send('DELETE', '/api/v1/auth/me', { token })
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET'])
    assert.equal((await send('GET', '/api/v1/instances/%E0%A4%A/qr', { token })).status, 400)
  })
})

const ASSERTION = {
  id: 'AA',
  rawId: 'AA',
  type: 'public-key',
  response: { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA', userHandle: null },
}

/** For the routes with a body: one that is accepted. */
const validBodies: Record<string, object> = {
  register: { email: 'a@example.org', password: 'long enough', organization: 'A' },
  login: { email: 'a@example.org', password: 'x' },
  refresh: { refreshToken: 'x' },
  updateOrganization: { name: 'B' },
  createKey: { name: 'k', scopes: ['keys:read'] },
  createInstance: {},
  updateInstance: { displayName: 'x' },
  startPairingCode: { phoneNumber: '4915112345678' },
  assertPasskey: { id: 'x', assertion: ASSERTION },
  confirmPasskey: { id: 'x' },
  exportSession: { passphrase: 'twelve characters' },
  importSession: { bundle: 'AAAA', passphrase: 'twelve characters' },
  createProxyPool: { name: 'us', urls: ['socks5://proxy.example'] },
  updateProxyPool: { urls: ['socks5://proxy.example'] },
  assertPasskeyWithHelper: { assertion: ASSERTION },
  sendMessage: { to: '4915112345678', type: 'text', text: 'hi' },
  markMessagesRead: { messageIds: ['A1'] },
  checkNumbers: { phoneNumbers: ['4915112345678'] },
}

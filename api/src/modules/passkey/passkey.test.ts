import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type CommandCall, type SessionStatus, WarrenError } from '@warren/contracts'
import type { Tenant } from '../../testing/client.ts'
import { startApi, startServices } from '../../testing/harness.ts'
import { startPod } from '../../testing/pod.ts'

const services = await startServices({ after })
const { api, send, register, bus } = await startApi(services)

const expiresAt = new Date(Date.now() + 600_000)
const OPTIONS = { challenge: 'AAAA', rpId: 'whatsapp.com' }
const ASSERTION = {
  id: 'AA',
  rawId: 'AA',
  type: 'public-key',
  response: { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA', userHandle: null },
}
const asking: SessionStatus = {
  phase: 'pairing',
  reason: 'PasskeyRequired',
  since: new Date(),
  pairing: {
    method: 'qr',
    attempt: 1,
    maxAttempts: 3,
    expiresAt,
    passkey: { id: 'attempt-1', stage: 'assertion', options: OPTIONS, expiresAt },
  },
}

let tenant: Tenant
let path: string
let status: SessionStatus
let calls: CommandCall[]

/** What a session pod answers. */
function answer(call: CommandCall): unknown {
  calls.push(call)
  const passkey = { id: 'attempt-1', expiresAt }
  if (call.command === 'session.status') return { status }
  if (call.command === 'pairing.passkey.confirm') return { passkey: { ...passkey, stage: 'link' } }
  if (call.command !== 'pairing.passkey.assert') throw new WarrenError('not_found')
  if (call.request.id !== 'attempt-1') throw new WarrenError('passkey_not_asked')
  return { passkey: { ...passkey, stage: 'phone' } }
}

before(async () => {
  tenant = await register()
  const { id } = (await send('POST', '/api/v1/instances', { token: tenant.token, body: {} })).body
  path = `/api/v1/instances/${id}/pairing/passkey`
  const pod = await startPod({ store: services.store, bus }, tenant.organization, id)
  status = asking
  calls = []
  await pod.serve(answer)
})

const own = (method: string, tail = '', body?: object) =>
  send(method, path + tail, { token: tenant.token, ...(body ? { body } : {}) })

describe('the passkey step', () => {
  it('gives the challenge, takes the assertion and the confirmation', async () => {
    status = asking
    const step = await own('GET')
    assert.equal(step.status, 200)
    assert.deepEqual(step.body, {
      id: 'attempt-1',
      stage: 'assertion',
      options: OPTIONS,
      expiresAt: expiresAt.toISOString(),
    })
    assert.equal(step.headers.get('cache-control'), 'no-store')
    const taken = await own('POST', '/assertion', { id: 'attempt-1', assertion: ASSERTION })
    assert.deepEqual([taken.status, taken.body.stage], [200, 'phone'])
    assert.deepEqual(calls.at(-1)?.request, { id: 'attempt-1', assertion: ASSERTION })
    assert.equal((await own('POST', '/confirm', { id: 'attempt-1' })).body.stage, 'link')
    const bad = { ...ASSERTION, rawId: 'not base64!' }
    assert.equal(
      (await own('POST', '/assertion', { id: 'x', assertion: bad })).body.code,
      'validation_failed',
    )
  })

  it('says why there is none', async () => {
    const without: SessionStatus = { phase: 'pairing', since: new Date() }
    const rows: [SessionStatus, string][] = [
      [without, 'passkey_not_asked'],
      [{ ...without, phase: 'parked', reason: 'PasskeyExpired' }, 'passkey_expired'],
      [{ ...without, phase: 'parked', reason: 'PasskeyRefused' }, 'passkey_refused'],
      [
        { ...without, phase: 'connecting', account: { jid: '491@s.whatsapp.net', phone: '49151' } },
        'already_paired',
      ],
    ]
    for (const [told, code] of rows) {
      status = told
      assert.equal((await own('GET')).body.code, code)
      assert.equal((await own('POST', '/helper')).body.code, code)
    }
  })
})

describe('a helper token', () => {
  it('shows the step and hands in an assertion, from any page, and opens nothing else', async () => {
    status = asking
    const { status: created, body } = await own('POST', '/helper')
    assert.equal(created, 201)
    assert.equal(body.url, `${api.web.address()}/passkey#${body.token}`)
    assert.equal(body.expiresAt, expiresAt.toISOString())
    const origin = { origin: 'chrome-extension://abcdefghijklmnop' }
    const step = await send('GET', '/api/v1/passkey-helper/step', { token: body.token, headers: origin })
    assert.deepEqual([step.status, step.body.id], [200, 'attempt-1'])
    assert.equal(step.headers.get('access-control-allow-origin'), '*')
    const taken = await send('POST', '/api/v1/passkey-helper/assertion', {
      token: body.token,
      body: { assertion: ASSERTION },
    })
    assert.deepEqual([taken.status, taken.body.stage], [200, 'phone'])
    for (const other of ['/api/v1/auth/me', '/api/v1/instances', path])
      assert.equal((await send('GET', other, { token: body.token })).status, 401, other)
    const elsewhere = await send('GET', '/api/v1/instances', { token: tenant.token, headers: origin })
    assert.equal(elsewhere.headers.get('access-control-allow-origin'), null)
  })

  it('is of no use for another attempt, when it is over, or when it is none', async () => {
    status = asking
    const { token } = (await own('POST', '/helper')).body
    const again = { ...asking.pairing?.passkey, id: 'attempt-2' }
    status = { ...asking, pairing: { ...asking.pairing, passkey: again } } as SessionStatus
    const step = (bearer?: string) =>
      send('GET', '/api/v1/passkey-helper/step', bearer ? { token: bearer } : {})
    assert.equal((await step(token)).body.code, 'passkey_not_asked')
    const over = { ...asking.pairing?.passkey, expiresAt: new Date(Date.now() - 5_000) }
    status = { ...asking, pairing: { ...asking.pairing, passkey: over } } as SessionStatus
    assert.equal((await step((await own('POST', '/helper')).body.token)).body.code, 'token_expired')
    for (const none of [undefined, 'nonsense', tenant.token])
      assert.equal((await step(none)).body.code, 'unauthenticated')
  })

  it('comes with a page that runs under the content security policy', async () => {
    const page = await send('GET', '/passkey')
    assert.match(page.body, /<script src="\/passkey\/page.js">/)
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
    assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self'/)
    assert.equal((await send('GET', '/passkey/page.js')).status, 200)
  })
})

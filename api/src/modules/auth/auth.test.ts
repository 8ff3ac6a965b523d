import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import jwt from 'jsonwebtoken'
import { PASSWORD } from '../../testing/client.ts'
import { startApi, startServices } from '../../testing/harness.ts'

const services = await startServices({ after })
const { api, send, register, config } = await startApi(services)

const me = (token: string) => send('GET', '/api/v1/auth/me', { token })
const refresh = (refreshToken: string) => send('POST', '/api/v1/auth/refresh', { body: { refreshToken } })

describe('auth', () => {
  it('registers a person with an organisation, who then is known by the token', async () => {
    const { token, organization, email } = await register()
    const { status, body } = await me(token)
    assert.equal(status, 200)
    assert.equal(body.organization.id, organization)
    assert.equal(body.user.email, email)
    assert.equal(body.organization.instanceLimit, 5)
  })

  it('gives two organisations of one name two ids', async () => {
    const ids = await Promise.all(
      [1, 2].map(async (n) => {
        const body = { email: `same-${n}@example.org`, password: PASSWORD, organization: 'Häuser & Söhne' }
        return (await send('POST', '/api/v1/auth/register', { body })).body.organization.id
      }),
    )
    assert.notEqual(ids[0], ids[1])
    for (const id of ids) assert.match(id, /^hauser-sohne/)
  })

  it('gives nobody who registers the accounts of an organisation that was made with a kubeconfig', async () => {
    const spec = { organization: 'applied' }
    await services.cluster.instances.create({
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'WhatsAppInstance',
      metadata: { namespace: 'team', name: 'sales' },
      spec,
    })
    const register = { email: 'stranger@example.org', password: PASSWORD, organization: 'Applied' }
    const { body } = await send('POST', '/api/v1/auth/register', { body: register })
    assert.match(body.organization.id, /^applied-[0-9a-f]{8}$/)
    const owner = { email: 'owner-of-applied@example.org', password: PASSWORD, organization: 'Applied' }
    assert.equal((await api.createOwner(owner)).organization, 'applied')
  })

  it('refuses a registered address in any case, and leaves no organisation behind', async () => {
    const { email } = await register()
    const organization = 'left-behind'
    const body = { email: email.toUpperCase(), password: PASSWORD, organization }
    const answer = await send('POST', '/api/v1/auth/register', { body })
    assert.equal(answer.body.code, 'already_exists')
    assert.equal(
      await services.platform.collection('organizations').countDocuments({ name: organization }),
      0,
    )
  })

  it('refuses passwords of more than 72 bytes, which bcrypt would cut', async () => {
    const body = { email: 'long@example.org', password: 'ü'.repeat(40), organization: 'x' }
    const answer = await send('POST', '/api/v1/auth/register', { body })
    assert.equal(answer.status, 400)
    assert.match(answer.body.errors[0].message, /72 bytes/)
  })

  it('answers the same to a wrong password and to an unknown address', async () => {
    const { email } = await register()
    const login = (body: object) => send('POST', '/api/v1/auth/login', { body })
    const wrong = await login({ email, password: 'wrong password' })
    const unknown = await login({ email: 'nobody@example.org', password: PASSWORD })
    assert.equal(wrong.status, 401)
    assert.deepEqual({ ...wrong.body, requestId: '' }, { ...unknown.body, requestId: '' })
    assert.equal((await login({ email, password: PASSWORD })).status, 200)
  })

  it('keeps no password and no token in the database', async () => {
    const { refreshToken } = await register()
    const stored = JSON.stringify([
      await services.platform.collection('users').find().toArray(),
      await services.platform.collection('logins').find().toArray(),
    ])
    assert.ok(!stored.includes(PASSWORD))
    assert.ok(!stored.includes(refreshToken.split('.')[1] ?? '?'))
  })

  it('rotates refresh tokens, and ends the sign-in when one is used twice', async () => {
    const { refreshToken } = await register()
    const second = await refresh(refreshToken)
    assert.equal(second.status, 200)
    assert.equal((await me(second.body.accessToken)).status, 200)
    const reused = await refresh(refreshToken)
    assert.equal(reused.body.code, 'unauthenticated')
    assert.equal((await refresh(second.body.refreshToken)).status, 401)
    assert.equal((await me(second.body.accessToken)).status, 401)
  })

  it('is not ended by someone who knows its id and no secret of it', async () => {
    const { token, refreshToken } = await register()
    const [id] = refreshToken.split('.')
    assert.equal((await refresh(`${id}.${'A'.repeat(43)}`)).status, 401)
    assert.equal((await me(token)).status, 200)
    assert.equal((await refresh(refreshToken)).status, 200)
  })

  it('does not outlive its end by exchanging tokens', async () => {
    const { refreshToken } = await register()
    const _id = /wrr_(.*)\./.exec(refreshToken)?.[1]
    const endOf = async () =>
      (
        await services.platform
          .collection<{ _id: string; expiresAt: Date }>('logins')
          .findOne({ _id: _id ?? '' })
      )?.expiresAt
    const before = await endOf()
    assert.ok(before instanceof Date)
    assert.equal((await refresh(refreshToken)).status, 200)
    assert.deepEqual(await endOf(), before)
  })

  it('lets one of two simultaneous exchanges win', async () => {
    const { refreshToken } = await register()
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)])
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 401])
  })

  it('ends both tokens on logout', async () => {
    const { token, refreshToken } = await register()
    assert.equal((await send('POST', '/api/v1/auth/logout', { token })).status, 204)
    assert.equal((await me(token)).status, 401)
    assert.equal((await refresh(refreshToken)).status, 401)
  })

  it('accepts only its own tokens: algorithm, issuer, audience, secret and age count', async () => {
    const { token } = await register()
    const { sub, org, sid } = jwt.decode(token) as { sub: string; org: string; sid: string }
    const good = { algorithm: 'HS256', issuer: 'warren', audience: 'warren-api', subject: sub } as const
    const sign = (options: jwt.SignOptions, secret = config.JWT_SECRET) =>
      jwt.sign({ org, sid }, secret, { ...good, expiresIn: 60, ...options })
    assert.equal((await me(sign({}))).status, 200)
    assert.equal((await me(sign({ issuer: 'other' }))).status, 401)
    assert.equal((await me(sign({ audience: 'other' }))).status, 401)
    assert.equal((await me(sign({ algorithm: 'HS512' }))).status, 401)
    assert.equal((await me(sign({}, 'x'.repeat(40)))).status, 401)
    assert.equal((await me(jwt.sign({ org, sid, sub }, null, { algorithm: 'none' }))).status, 401)
    const expired = await me(sign({ expiresIn: -1 }))
    assert.equal(expired.body.code, 'token_expired')
    assert.equal(expired.headers.get('www-authenticate'), 'Bearer')
  })

  it('can be closed to strangers, and still makes an owner', async () => {
    const closed = await startApi(services, { ALLOW_SIGNUP: false })
    const owner = { email: 'owner@example.org', password: PASSWORD, organization: 'Home' }
    const answer = await closed.send('POST', '/api/v1/auth/register', { body: owner })
    assert.equal(answer.body.code, 'signup_closed')
    const { organization } = await closed.api.createOwner({ ...owner, plan: 'max' })
    const login = await closed.send('POST', '/api/v1/auth/login', {
      body: { email: owner.email, password: PASSWORD },
    })
    assert.equal(login.body.organization.id, organization)
    assert.equal(login.body.organization.instanceLimit, 40)
  })
})

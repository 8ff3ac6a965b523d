import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startApi, startServices } from '../../testing/harness.ts'

const services = await startServices({ after })
const { send, register } = await startApi(services)

const createKey = (token: string, body: object) => send('POST', '/api/v1/keys', { token, body })

describe('keys', () => {
  it('shows a key once, stores its hash, and tells it apart from a JWT', async () => {
    const { token, organization } = await register()
    const { status, body } = await createKey(token, { name: 'ci', scopes: ['organization:read'] })
    assert.equal(status, 201)
    assert.match(body.key, /^wrn_[\w-]{43}$/)
    assert.ok(body.key.startsWith(body.prefix))
    const { body: caller } = await send('GET', '/api/v1/auth/me', { token: body.key })
    assert.equal(caller.kind, 'key')
    assert.equal(caller.organization.id, organization)
    const stored = await services.platform.collection('keys').find({ organization }).toArray()
    assert.ok(!JSON.stringify(stored).includes(body.key))
    const { body: list } = await send('GET', '/api/v1/keys', { token })
    assert.equal(list.items.length, 1)
    assert.equal(list.items[0].key, undefined)
  })

  it('holds a key to its scopes, and to those of its maker', async () => {
    const { token } = await register()
    const { body } = await createKey(token, { name: 'maker', scopes: ['keys:write'] })
    const denied = await send('GET', '/api/v1/keys', { token: body.key })
    assert.equal(denied.status, 403)
    assert.match(denied.body.detail, /keys:read/)
    const grown = await createKey(body.key, { name: 'grown', scopes: ['keys:write', 'messages:write'] })
    assert.equal(grown.body.code, 'forbidden')
  })

  it('refuses a key after its end and after it was revoked', async () => {
    const { token } = await register()
    const expiresAt = new Date(Date.now() + 3600_000).toISOString()
    const { body } = await createKey(token, { name: 'short', scopes: ['keys:read'], expiresAt })
    await services.platform
      .collection('keys')
      .updateOne({ _id: body.id }, { $set: { expiresAt: new Date(0) } })
    assert.equal((await send('GET', '/api/v1/keys', { token: body.key })).body.code, 'token_expired')
    const second = await createKey(token, { name: 'revoked', scopes: ['keys:read'] })
    const use = () => send('GET', '/api/v1/keys', { token: second.body.key })
    assert.equal((await use()).status, 200)
    assert.equal((await send('DELETE', `/api/v1/keys/${second.body.id}`, { token })).status, 204)
    assert.equal((await use()).status, 401)
    assert.equal((await send('DELETE', `/api/v1/keys/${second.body.id}`, { token })).status, 404)
  })

  it('makes no more than a hundred that work', async () => {
    const { token, organization } = await register()
    const made = await createKey(token, { name: 'first', scopes: ['keys:read'] })
    const keys = services.platform.collection<{ _id: string }>('keys')
    const { _id, ...first } = (await keys.findOne({ _id: made.body.id })) ?? {}
    const copy = (n: number) => ({
      ...first,
      organization,
      _id: `key_copy_${n}_${organization}`,
      hash: `${_id}${n}`,
    })
    await keys.insertMany(Array.from({ length: 99 }, (_, n) => copy(n)))
    const refused = await createKey(token, { name: 'more', scopes: ['keys:read'] })
    assert.equal(refused.body.code, 'plan_limit_reached')
    assert.match(refused.body.detail, /100 keys/)
    await send('DELETE', `/api/v1/keys/${made.body.id}`, { token })
    assert.equal((await createKey(token, { name: 'again', scopes: ['keys:read'] })).status, 201)
  })

  it('pages through keys in order of creation', async () => {
    const { token } = await register()
    for (const name of ['a', 'b', 'c']) await createKey(token, { name, scopes: ['keys:read'] })
    const first = (await send('GET', '/api/v1/keys?limit=2', { token })).body
    const second = (await send('GET', `/api/v1/keys?limit=2&cursor=${first.nextCursor}`, { token })).body
    const names = [...first.items, ...second.items].map((key: { name: string }) => key.name)
    assert.deepEqual(names, ['a', 'b', 'c'])
    assert.equal(second.nextCursor, undefined)
    assert.equal((await send('GET', '/api/v1/keys?cursor=nonsense', { token })).status, 400)
  })
})

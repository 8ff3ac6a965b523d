/** What a stranger can cost: bodies are small, answers are short, and nothing of theirs ends as an error of ours. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startApi, startServices } from '../testing/harness.ts'
import { findHostile } from './hostile.ts'
import { toWarrenError } from './problem.ts'

const services = await startServices({ after })
const { api, send, register } = await startApi(services)

/** The status and problem of a login with this text as its body. */
async function login(body: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${api.web.address()}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const text = await response.text()
  return { status: response.status, bytes: text.length, problem: JSON.parse(text) }
}

const nested = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
const wide = (keys: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, n) => [n, 1])))

describe('bodies', () => {
  it('of strangers are small, those of callers larger', async () => {
    const text = 'x'.repeat(20_000)
    const refused = await login(JSON.stringify({ email: 'a@example.org', password: text }))
    assert.equal(refused.status, 413)
    assert.equal(refused.problem.code, 'payload_too_large')
    const { token } = await register()
    const message = (text: string) =>
      send('POST', '/api/v1/instances/default.x/messages', {
        token,
        body: { to: '4915112345678', type: 'text', text },
      })
    assert.equal((await message(text)).body.code, 'not_found')
    assert.equal((await message('x'.repeat(300_000))).body.code, 'payload_too_large')
  })

  it('with many errors are answered with a few', async () => {
    const { status, problem, bytes } = await login(wide(1_500))
    assert.equal(status, 400)
    assert.equal(problem.errors.length, 20)
    assert.ok(bytes < 20_000, `${bytes} bytes`)
    const long = await login(JSON.stringify({ ['k'.repeat(10_000)]: 1 }))
    assert.equal(long.status, 400)
    assert.ok(long.bytes < 5_000, `${long.bytes} bytes`)
  })

  it('that are deep, wide or hold NUL are refused', async () => {
    const deep = await login(nested(2_000))
    assert.equal(deep.status, 400)
    assert.match(deep.problem.detail, /32 levels/)
    assert.equal(findHostile(JSON.parse(nested(32)), 'body'), undefined)
    assert.match(findHostile(JSON.parse(nested(100_000)), 'body')?.message ?? '', /32 levels/)
    assert.match(findHostile(JSON.parse(wide(10_001)), 'body')?.message ?? '', /10000 values/)
    assert.equal(findHostile({ text: ['a\0'] }, 'body')?.path, 'body.text.0')
  })

  it('that the parser refuses are errors of the caller', async () => {
    assert.equal((await login('{"a"')).status, 400)
    assert.equal((await login('nonsense', { 'content-encoding': 'gzip' })).status, 400)
    assert.equal((await login('{}', { 'content-encoding': 'zebra' })).status, 415)
    assert.equal((await login('{}', { 'content-type': 'application/json; charset=koi8-r' })).status, 415)
  })

  it('that are cut off are no failure of ours', () => {
    const cutOff = Object.assign(new Error('request aborted'), { expose: true, status: 400 })
    assert.equal(toWarrenError(cutOff).code, 'validation_failed')
  })
})

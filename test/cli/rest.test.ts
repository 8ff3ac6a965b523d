/** The command line over REST, against the whole product as a user starts it. */
import assert from 'node:assert/strict'
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createRestAccess, createRestClient } from '@warren/cli'
import { tempDir, until } from '@warren/runtime/testing'
import { startProduct } from '../support/product.ts'
import { commandsWorkOver } from './support/conformance.ts'
import { cli, startCli } from './support/terminal.ts'

const file = { after }
const product = await startProduct(file, join(tempDir(file), 'data'))
const { token, call } = await product.signIn()
const access = createRestAccess(createRestClient(product.url, token))
const home = tempDir(file)

commandsWorkOver({ access, simulator: product.simulator, createFlags: [], created: async () => {} })

test('status tells what the operator found', { timeout: 60_000 }, async () => {
  const [bob] = (await access.list(false)).filter(({ displayName }) => displayName === 'bob')
  assert.ok(bob)
  const tree = await until(async () => {
    const text = await cli(['status', bob.id], { access })
    return text.includes('✔ Ready') ? text : undefined
  })
  assert.match(tree, /^default\/wa-\w{8} · bob\nPhase {6}Connected\nAccount {4}\+491701000002\n/)
  // The name that a person gave does as well as the id.
  assert.equal(await cli(['status', 'bob'], { access }), await cli(['status', bob.id], { access }))
})

test('logs are for those who run the cluster', async () => {
  const refused = startCli(['logs', 'bob'], { access })
  assert.equal(await refused.code, 1)
  assert.match(refused.err(), /kubectl wa logs/)
})

test('a stored key is used by later commands and can be read by its owner alone', async () => {
  const { key } = await call<{ key: string }>('POST', '/keys', { name: 'test', scopes: ['instances:read'] })
  const given = { env: {}, home, wa: 'warren' } as const
  const login = ['login', '--server', product.url, '--with-token']
  assert.equal(await cli(login, { ...given, stdin: `${key}\n` }), `signed in to ${product.url}\n`)
  const stored = join(home, '.config', 'warren', 'credentials.json')
  assert.equal(statSync(stored).mode & 0o777, 0o600)
  assert.match(await cli(['list'], given), /NAMESPACE +NAME/)

  const suspend = startCli(['suspend', 'bob'], given)
  assert.equal(await suspend.code, 4)
  assert.match(suspend.err(), /^error: .*instances:write/)

  chmodSync(stored, 0o644)
  const unsafe = startCli(['list'], given)
  assert.equal(await unsafe.code, 4)
  assert.match(unsafe.err(), /can be read by others\.\n→ chmod 600/)
  chmodSync(stored, 0o600)

  assert.match(await cli(['login', '--server', product.url, '--forget'], given), /^forgot the key/)
  const refused = startCli(['list', '--server', product.url], given)
  assert.equal(await refused.code, 4)
  assert.match(refused.err(), /There is no token for .*\n→ Set WARREN_TOKEN, or sign in: warren login/)
})

test('a key that does not work is not stored', async () => {
  const refused = startCli(['login', '--server', product.url, '--with-token'], { home, stdin: 'wrong' })
  assert.equal(await refused.code, 4)
})

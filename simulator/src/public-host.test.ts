import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSimulator } from './index.ts'
import { coversHost, createTlsIdentity } from './media/self-signed.ts'

test('a certificate covers the public name or address beside the local ones', () => {
  const named = createTlsIdentity('simulator.warren.svc')
  assert.deepEqual(
    ['simulator.warren.svc', 'localhost', '127.0.0.1', 'other.warren.svc'].map((host) =>
      coversHost(named, host),
    ),
    [true, true, true, false],
  )
  assert.ok(coversHost(createTlsIdentity('10.200.0.2'), '10.200.0.2'))
})

test('clients are told the public host, and a certificate for it replaces one kept from a former name', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const stateFile = join(folder, 'state.json')
  const start = async (publicHost: string) => {
    const simulator = createSimulator({ host: '127.0.0.1', publicHost, stateFile })
    const addresses = await simulator.start()
    await simulator.stop()
    return addresses
  }
  const first = await start('one.example')
  assert.deepEqual(
    [first.webSocketUrl, first.controlUrl, first.mediaUrl].map((url) => new URL(url).hostname),
    ['one.example', 'one.example', 'one.example'],
  )
  const again = await start('one.example')
  assert.equal(again.trust.mediaCa, first.trust.mediaCa)
  assert.equal(again.mediaUrl, first.mediaUrl)
  const moved = await start('two.example')
  assert.ok(coversHost({ cert: moved.trust.mediaCa, key: '' }, 'two.example'))
})

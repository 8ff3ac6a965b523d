import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { tempDir, until } from '@warren/runtime/testing'
import { SESSION_NODE_ENV, SESSION_NODE_FLAGS } from '@warren/session-pod'
import { bundleSession } from '@warren/session-pod/bundle'
import { startHttpProxy, startSocksProxy } from '../support/proxy-servers.ts'
import { createRig } from './rig.ts'

const main = await bundleSession(tempDir({ after }))
const rig = await createRig({ after }, [...SESSION_NODE_FLAGS, main])

/** Kilobytes of a process: resident, and of that its own. */
function memoryOf(pid: number): { resident: number; own: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1])
  return { resident: kilobytes('Rss'), own: kilobytes('Private_Clean') + kilobytes('Private_Dirty') }
}

test('the bundle is of one byte a character, and asks for modules of Node without importing them', () => {
  const code = readFileSync(main, 'utf8')
  assert.equal(code.search(/[^\0-\x7f]/), -1)
  assert.equal(code.search(/\}from"|;import"|\bimport\("/), -1)
})

test('the bundle links, carries texts both ways, synchronises app state and stays small', async () => {
  const account = rig.account()
  await rig.simulator.phones.create({ number: account.phone, initialSync: true })
  const pod = await account.link(SESSION_NODE_ENV)
  const contact = '491560000001'
  await rig.simulator.contacts.send(contact, { to: account.phone, text: 'hello' })
  await until(async () => (await account.entries('message.received')).length === 1)
  const id = await account.send(contact, 'hello yourself')
  await until(async () =>
    (await account.entries('message.status')).some(({ data }) => data.id === id && data.status === 'sent'),
  )
  assert.doesNotMatch(pod.output(), /"level":"error"/)
  if (process.platform !== 'linux') return
  const before = memoryOf(pod.child.pid ?? 0)
  // It gives back what the start took when it falls quiet.
  await until(() => memoryOf(pod.child.pid ?? 0).resident < 85 * 1024, { timeoutMs: 60_000 })
  const { resident, own } = memoryOf(pod.child.pid ?? 0)
  const mb = (kilobytes: number) => Math.round(kilobytes / 1024)
  console.log(`resident ${mb(before.resident)} MB, at rest ${mb(resident)}, of that its own ${mb(own)}`)
})

test('the bundle holds what it takes to go through proxies', async () => {
  const before = await rig.simulator.clientAddresses()
  for (const [from, start] of [
    ['127.0.0.2', startHttpProxy],
    ['127.0.0.3', startSocksProxy],
  ] as const) {
    const proxy = await start({ after }, from)
    const path = join(tempDir({ after }), 'proxies')
    writeFileSync(path, proxy.url)
    const env = { ...SESSION_NODE_ENV, WARREN_PROXIES_PATH: path, WARREN_PROXY_ALLOW_PRIVATE: 'true' }
    await rig.account().link(env)
  }
  const seen = await rig.simulator.clientAddresses()
  assert.deepEqual(seen, [...new Set([...before, '127.0.0.2', '127.0.0.3'])].sort())
})

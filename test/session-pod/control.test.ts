import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freePort, until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })

test('what a person does through the control listener goes the same way as everything else', async () => {
  const account = rig.account()
  const port = await freePort()
  await rig.simulator.phones.create({ number: account.phone })
  account.start({ CONTROL_PORT: String(port) })

  async function ask<T>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const answer = (await response.json()) as T
    assert.ok(response.ok, JSON.stringify(answer))
    return answer
  }

  const { qr } = await until(() => ask<{ qr: string }>('GET', '/pairing'), { timeoutMs: 30_000 })
  await rig.simulator.phones.scan(account.phone, qr)
  await account.until('connected')
  const { instance, status } = await ask<{ instance: string; status: { phase: string } }>('GET', '/status')
  assert.deepEqual([instance, status.phase], [account.instance, 'connected'])

  // A retried request is one message, under one id.
  const number = '491540000777'
  const message = { to: `+${number}`, text: 'by hand' }
  const key = { 'idempotency-key': 'once' }
  const first = await ask<{ id: string }>('POST', '/messages', message, key)
  const again = await ask<{ id: string }>('POST', '/messages', message, key)
  assert.equal(again.id, first.id)
  await until(async () => (await rig.store.get(account.session, first.id))?.state === 'done')
  const { entries } = await rig.simulator.ledger.read({ id: first.id })
  assert.equal(entries.length, 1)

  const { status: ended } = await ask<{ status: { phase: string } }>('POST', '/commands/session.logout', {})
  assert.equal(ended.phase, 'loggedOut')
  assert.deepEqual((await rig.simulator.phones.get(account.phone)).devices, [])
})

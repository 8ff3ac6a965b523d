/** A new key while sessions work: everything is sealed anew in the background, through kills, and then the old key is not needed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { SealingKey } from '@warren/runtime/crypto'
import { until } from '@warren/runtime/testing'
import { createRig, keyText } from './rig.ts'

const rig = await createRig({ after })
const KILLS = Number(process.env.WARREN_TEST_KILLS ?? 4)
const CONTACTS = 6

test(`a new key amid traffic and ${KILLS} kills: nothing is lost, and the old key can go`, {
  timeout: 300_000,
}, async () => {
  const account = rig.account()
  const received = new Map<string, string>()
  const sent = new Map<string, string>()
  let round = 0
  async function burst(): Promise<void> {
    round += 1
    for (let i = 0; i < CONTACTS; i++) {
      const contact = `4915399908${10 + i}`
      const text = `${round}.${i}`
      received.set((await rig.simulator.contacts.send(contact, { to: account.phone, text })).id, text)
      sent.set(await account.send(contact, `re ${text}`), `re ${text}`)
    }
  }
  const arrived = () =>
    until(
      async () => {
        const found = new Set((await account.entries('message.received')).map(({ data }) => data.message.id))
        const { entries } = await rig.simulator.ledger.read({
          direction: 'fromSession',
          account: account.phone,
        })
        const opened = new Set(
          entries.filter((e) => e.direction === 'fromSession' && e.opened > 0).map(({ id }) => id),
        )
        return (
          [...received.keys()].every((id) => found.has(id)) && [...sent.keys()].every((id) => opened.has(id))
        )
      },
      { timeoutMs: 60_000, everyMs: 100, describe: 'all messages' },
    )
  const left = async () => (await account.status())?.seals
  const isSealed = (keyId: number) =>
    until(
      async () => {
        const seals = await left()
        return seals?.keyId === keyId && seals.left === 0
      },
      { timeoutMs: 60_000, everyMs: 50, describe: `everything under key ${keyId}` },
    )

  let pod = await account.link()
  await burst()
  await arrived()
  await isSealed(account.key.id)

  const next: SealingKey = { id: account.key.id + 1, bytes: randomBytes(32) }
  const both = { WARREN_INSTANCE_KEY: `${keyText(next)},${keyText(account.key)}` }
  for (let kill = 0; kill < KILLS; kill++) {
    await pod.kill()
    pod = account.start(both)
    await until(async () => (await left())?.keyId === next.id, { timeoutMs: 60_000, describe: 'the new key' })
    const traffic = burst()
    // Anywhere in the work: a wait for a condition would miss the interesting moments.
    await delay(Math.random() * 400)
    if (kill < KILLS - 1) await pod.kill()
    await traffic
  }
  await isSealed(next.id)
  await arrived()
  const { items } = await account.call('session.snapshots', {})
  assert.ok(items.some(({ reason }) => reason === 'rotation'))
  await pod.kill('SIGTERM')

  const stored = await account.stored([next])
  assert.deepEqual([...stored.keyIds], [next.id])
  await stored.release()
  account.start({ WARREN_INSTANCE_KEY: keyText(next) })
  await account.until('connected')
  await burst()
  await arrived()
  assert.deepEqual(await account.entries('message.undecryptable'), [])
  const { entries } = await rig.simulator.ledger.read({ direction: 'fromSession', account: account.phone })
  for (const entry of entries) {
    if (entry.direction !== 'fromSession' || !sent.has(entry.id)) continue
    assert.deepEqual([entry.text, entry.decryptFailures], [sent.get(entry.id), 0])
  }
})

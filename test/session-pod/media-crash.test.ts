/** Pictures amid kills: each comes in once with its bytes, and goes out once with them. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import { startMediaStore } from './media-store.ts'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const KILLS = Number(process.env.WARREN_TEST_KILLS ?? 5)
const CONTACTS = ['491539990111', '491539990112', '491539990113']

const { objects, serve } = await startMediaStore({ after }, rig)
const served = serve()
after(() => served.stop())

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test(`pictures in both directions and ${KILLS} kills`, { timeout: 300_000 }, async () => {
  const account = rig.account()
  let pod = await account.link()
  const received = new Map<string, string>()
  const sent = new Map<string, string>()
  async function burst(round: number): Promise<void> {
    for (const contact of CONTACTS) {
      const incoming = randomBytes(30_000)
      const { id } = await rig.simulator.contacts.send(contact, {
        to: account.phone,
        text: `${round}`,
        image: { data: incoming.toString('base64'), mimetype: 'image/png' },
      })
      received.set(id, sha256(incoming))
      const outgoing = randomBytes(30_000)
      const mediaKey = `uploads/${round}.${contact}`
      objects.set(mediaKey, outgoing)
      const image = { type: 'image', mimetype: 'image/jpeg', mediaKey, size: outgoing.length } as const
      sent.set(await account.send(contact, image), sha256(outgoing))
    }
  }
  const epoch = async () => (await rig.store.session(account.session))?.epoch ?? 0
  for (let kill = 0; kill < KILLS; kill++) {
    await until(async () => (await epoch()) > kill, { timeoutMs: 30_000, describe: 'the next holder' })
    const traffic = burst(kill)
    // A random moment of the work.
    await delay(20 + Math.random() * 700)
    await pod.kill()
    await traffic
    pod = account.start()
  }
  await burst(KILLS)

  const media = async () =>
    (await account.entries('message.media')).map(({ data }) => [data.id, data.media.sha256, data.error?.code])
  await until(async () => (await media()).length >= received.size, {
    timeoutMs: 90_000,
    everyMs: 100,
    describe: 'the bytes of every picture',
  })
  const expected = [...received].map(([id, digest]) => [id, digest, undefined])
  assert.deepEqual((await media()).sort(), expected.sort())
  for (const [id, digest] of received)
    assert.equal(sha256(objects.get(`${account.instance}/${id}`) ?? Buffer.alloc(0)), digest)
  const ids = (await account.entries('message.received')).map(({ data }) => data.message.id)
  assert.deepEqual(ids.sort(), [...received.keys()].sort())

  const outgoing = async () => {
    const { entries } = await rig.simulator.ledger.read({ direction: 'fromSession', account: account.phone })
    return entries.flatMap((entry) =>
      entry.direction === 'fromSession' && sent.has(entry.id) ? [entry] : [],
    )
  }
  await until(
    async () => {
      const entries = await outgoing()
      return entries.length === sent.size && entries.every(({ opened }) => opened > 0)
    },
    { timeoutMs: 90_000, everyMs: 100, describe: 'every picture at its contact' },
  )
  for (const entry of await outgoing())
    assert.deepEqual(
      [entry.media?.sha256, entry.media?.intact, entry.conflicting, entry.decryptFailures],
      [sent.get(entry.id), true, false, 0],
    )
  await pod.kill()
})

/**
 * A pre-key is stored before WhatsApp hears of it. Else a process that is killed around the upload leaves public halves at WhatsApp whose
 * private halves nobody has, and the first message of each contact that is given one is lost.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startGate, until } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })
const LINKS = Number(process.env.WARREN_TEST_KILLS ?? 2)
const CONTACTS = 25

test('a process that is killed when WhatsApp has its first pre-keys has stored all of them', {
  timeout: 60_000,
}, async () => {
  // On a way that takes long what does not wait for it is far ahead.
  const slow = new URL(rig.mongoUri)
  const gate = await startGate(new URL(rig.mongoUri), { delayMs: 150 })
  after(() => gate.stop())
  slow.hostname = '127.0.0.1'
  slow.port = String(gate.port)
  slow.searchParams.set('directConnection', 'true')
  const account = rig.account()
  await rig.simulator.phones.create({ number: account.phone })
  const pod = account.start({ MONGODB_URI: slow.href, WARREN_LEASE_SECONDS: '8' })
  const { qr } = await until(async () => (await account.status())?.pairing, { timeoutMs: 30_000 })
  await rig.simulator.phones.scan(account.phone, qr ?? '')
  const uploaded = await until(
    async () => (await rig.simulator.phones.get(account.phone)).devices[0]?.preKeys || undefined,
    { timeoutMs: 30_000, everyMs: 1, describe: 'the upload' },
  )
  await pod.kill('SIGKILL')
  const { values, release } = await account.stored()
  await release()
  const stored = [...values.keys()].filter((key) => key.startsWith('pre-key/'))
  const creds = values.get('creds/main') as { nextPreKeyId?: number } | undefined
  assert.ok(uploaded > 0 && stored.length >= uploaded, `${stored.length} stored of ${uploaded} uploaded`)
  assert.ok((creds?.nextPreKeyId ?? 0) > uploaded, 'their numbers will not be given again')
})

test(`${LINKS} links killed around their first upload: every pre-key that was handed out opens a message`, {
  timeout: 300_000,
}, async () => {
  async function linkAmidKills(link: number): Promise<void> {
    const account = rig.account()
    await rig.simulator.phones.create({ number: account.phone, initialSync: true })
    let pod = account.start()
    const { qr } = await until(async () => (await account.status())?.pairing, {
      timeoutMs: 30_000,
      describe: 'a QR',
    })
    await rig.simulator.phones.scan(account.phone, qr ?? '')
    // The pairing, the restart that WhatsApp asks for, the login and the upload follow within a second: anywhere in them.
    for (let kill = 0; kill < 3; kill++) {
      await delay(Math.random() * 500)
      await pod.kill()
      pod = account.start()
      const epoch = kill + 2
      await until(async () => (await rig.store.session(account.session))?.epoch === epoch, {
        timeoutMs: 30_000,
        describe: 'the next process',
      })
    }
    await account.until('connected')
    const texts = Array.from({ length: CONTACTS }, (_, i) => `first of ${i}`)
    for (const [i, text] of texts.entries())
      await rig.simulator.contacts.send(`4915399${link}${100 + i}`, { to: account.phone, text })
    await until(
      async () => {
        const found = (await account.entries('message.received')).map(({ data: { message } }) =>
          message.content.type === 'text' ? message.content.text : '',
        )
        return texts.every((text) => found.includes(text))
      },
      { timeoutMs: 30_000, describe: 'the first message of every contact' },
    )
    assert.deepEqual(await account.entries('message.undecryptable'), [])
    // What the phone shares once, when it links a device.
    await until(
      async () => {
        await pod.kill()
        const { values, release } = await account.stored()
        await release()
        const creds = values.get('creds/main') as { myAppStateKeyId?: string } | undefined
        const keys = [...values.keys()].filter((key) => key.startsWith('app-state-sync-key/'))
        if (creds?.myAppStateKeyId && keys.includes(`app-state-sync-key/${creds.myAppStateKeyId}`))
          return true
        pod = account.start()
        await account.until('connected')
        return false
      },
      { timeoutMs: 60_000, describe: 'the keys that the phone shared' },
    )
  }
  await Promise.all(Array.from({ length: LINKS }, (_, link) => linkAmidKills(link)))
})

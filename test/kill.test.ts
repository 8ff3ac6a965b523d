/** Kill -9 of the session process in mid-traffic, both ways: the ledger, the journal's read model and the events must agree. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { tempDir, until } from '@warren/runtime/testing'
import { linkAccount } from './support/account.ts'
import { readEvents } from './support/events.ts'
import { type Caller, type Product, sessionProcess, startProduct } from './support/product.ts'

const NUMBER = '491700000011'
const CONTACTS = ['491700000012', '491700000013', '491700000014']
const PER_CONTACT = 20
const KILLS = 3

const dataDir = tempDir({ after })
const product: Product = await startProduct({ after }, dataDir)
const api: Caller = await product.signIn()
for (const number of CONTACTS) await product.simulator.contacts.set({ number })
const id = await linkAccount(product, api, 'busy', NUMBER)

describe('kill -9 of the session in mid-traffic', () => {
  /** Ends the running session process and waits for its successor. */
  async function killSession(): Promise<void> {
    const pid = await until(() => sessionProcess(dataDir, id), { describe: 'a session process' })
    process.kill(pid, 'SIGKILL')
    await until(() => ![undefined, pid].includes(sessionProcess(dataDir, id)), {
      timeoutMs: 30_000,
      describe: 'another session process',
    })
  }

  async function* pages<T>(path: string): AsyncGenerator<T> {
    let cursor = ''
    do {
      const page = await api.call<{ items: T[]; nextCursor?: string }>('GET', `${path}?limit=100${cursor}`)
      yield* page.items
      cursor = page.nextCursor ? `&cursor=${encodeURIComponent(page.nextCursor)}` : ''
    } while (cursor)
  }

  it('loses nothing and doubles nothing', async (t) => {
    const events = await readEvents(t, product.url, api.token)
    const outgoing = new Map<string, string>()
    const incoming = new Map<string, string>()
    const traffic = CONTACTS.map(async (number) => {
      for (let i = 0; i < PER_CONTACT; i++) {
        const out = `out ${number} ${i}`
        const sent = await api.call<{ id: string }>('POST', `/instances/${id}/messages`, {
          to: number,
          type: 'text',
          text: out,
        })
        outgoing.set(sent.id, out)
        const text = `in ${number} ${i}`
        const received = await product.simulator.contacts.send(number, { to: NUMBER, text })
        incoming.set(received.id, text)
      }
    })
    for (let i = 0; i < KILLS; i++) await killSession()
    await Promise.all(traffic)

    const settled = async () => {
      const { entries } = await product.simulator.ledger.read({ account: NUMBER })
      const out = entries.filter((entry) => entry.direction === 'fromSession' && entry.opened > 0).length
      const back = entries.filter((entry) => entry.direction === 'toSession' && entry.acknowledged > 0).length
      return out >= outgoing.size && back >= incoming.size
    }
    await until(settled, { timeoutMs: 90_000, describe: 'all messages to arrive' })
    await product.simulator.drained({ number: NUMBER, timeoutMs: 30_000 })

    const { entries } = await product.simulator.ledger.read({ account: NUMBER })
    const out = entries.filter((entry) => entry.direction === 'fromSession' && entry.kind === 'text')
    assert.equal(out.length, outgoing.size, 'as many message ids as requests')
    for (const entry of out) {
      assert.ok(entry.direction === 'fromSession')
      assert.equal(entry.text, outgoing.get(entry.id), 'the contact read what was asked to be sent')
      assert.equal(entry.conflicting, false)
      assert.equal(entry.decryptFailures, 0)
    }
    for (const number of CONTACTS) {
      const texts = out.filter((entry) => entry.chat.endsWith(number)).map((entry) => entry.text)
      assert.deepEqual(
        texts,
        [...Array(PER_CONTACT).keys()].map((i) => `out ${number} ${i}`),
        'in order',
      )
    }

    const inReadModel = async () => {
      const found = new Map<string, string | undefined>()
      for await (const message of pages<{ id: string; fromMe: boolean; text?: string; status?: string }>(
        `/instances/${id}/messages`,
      )) {
        assert.ok(!found.has(message.id), 'once in the read model')
        found.set(message.id, message.text)
      }
      return found
    }
    const all = new Map([...outgoing, ...incoming])
    // One reading: a row that gets the time at which it was sent moves to a page that the next reading may have passed.
    const shown = await until(
      async () => {
        const found = await inReadModel()
        return found.size >= all.size ? found : undefined
      },
      { timeoutMs: 20_000, describe: 'the read model' },
    )
    assert.deepEqual(new Map([...shown].sort()), new Map([...all].sort()))

    const received = events.seen.flatMap(({ event }) =>
      event.type === 'message.received' ? [event.data.message.id] : [],
    )
    assert.deepEqual(received.toSorted(), [...incoming.keys()].sort(), 'each received message is one event')
    const seqs = events.seen.flatMap(({ event }) => event.seq ?? [])
    assert.deepEqual(
      seqs,
      [...seqs.keys()].map((index) => (seqs[0] ?? 0) + index),
      'events are in order and without gaps',
    )
  })
})

/** Messages both ways while other things happen, and the proof that none was lost and none came twice. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@warren/runtime/testing'
import type { SimulatorOperations } from '@warren/simulator'

export type Api = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<T>

export type Traffic = {
  /** Messages that reached the contact, and that the session took, so far. */
  arrived(): Promise<{ out: number; back: number }>
  /** Ends it, whatever is under way. Idempotent. */
  stop(): void
  /** Ends it, and compares the ledger, what was asked for, and the read model. */
  stopAndCompare(): Promise<{ out: number; back: number }>
}

type Parties = {
  readonly api: Api
  readonly simulator: SimulatorOperations
  /** Id and number of the instance. */
  readonly id: string
  readonly number: string
  readonly contact: string
}

const PAUSE_MS = 250
const PATIENCE_MS = 300_000

/** One message each way about every quarter of a second until it is stopped. */
export function startTraffic({ api, simulator, id, number, contact }: Parties): Traffic {
  const stopping = new AbortController()
  let abandoned = false
  const outgoing = new Map<string, string>()
  const incoming = new Map<string, string>()

  const loops = Promise.all([send(), receive()])
  // A failure is told when it is waited for.
  loops.catch(() => {})

  async function send(): Promise<void> {
    for (let i = 0; !stopping.signal.aborted; i++) {
      const text = `out ${i}`
      const body = { to: contact, type: 'text', text }
      // A client that lost its connection does not know whether it was heard; with the key it may ask again.
      const key = { 'idempotency-key': `traffic-${i}` }
      const accepted = await until(
        async () =>
          abandoned ? 'abandoned' : await api<{ id: string }>('POST', `/instances/${id}/messages`, body, key),
        { timeoutMs: PATIENCE_MS, everyMs: 250, describe: `message ${i} being accepted` },
      )
      if (accepted === 'abandoned') return
      outgoing.set(accepted.id, text)
      await pause()
    }
  }

  async function receive(): Promise<void> {
    for (let i = 0; !stopping.signal.aborted; i++) {
      const text = `in ${i}`
      const sent = await simulator.contacts.send(contact, { to: number, text })
      incoming.set(sent.id, text)
      await pause()
    }
  }

  async function pause(): Promise<void> {
    await delay(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => {})
  }

  async function readModel(): Promise<Map<string, string | undefined>> {
    const found = new Map<string, string | undefined>()
    let cursor = ''
    do {
      type Page = { items: { id: string; text?: string }[]; nextCursor?: string }
      const page = await api<Page>('GET', `/instances/${id}/messages?limit=100${cursor}`)
      for (const message of page.items) {
        assert.ok(!found.has(message.id), `${message.id} is once in the read model`)
        found.set(message.id, message.text)
      }
      cursor = page.nextCursor ? `&cursor=${encodeURIComponent(page.nextCursor)}` : ''
    } while (cursor)
    return found
  }

  const ledger = async () => (await simulator.ledger.read({ account: number })).entries

  async function arrived(): Promise<{ out: number; back: number }> {
    const entries = await ledger()
    return {
      out: entries.filter((entry) => entry.direction === 'fromSession' && entry.opened > 0).length,
      back: entries.filter((entry) => entry.direction === 'toSession' && entry.acknowledged > 0).length,
    }
  }

  return {
    arrived,
    stop() {
      abandoned = true
      stopping.abort()
    },
    async stopAndCompare() {
      stopping.abort()
      await loops
      await until(
        async () => {
          const { out, back } = await arrived()
          return out >= outgoing.size && back >= incoming.size
        },
        { timeoutMs: PATIENCE_MS, everyMs: 250, describe: 'all messages to arrive' },
      )
      await simulator.drained({ number, timeoutMs: PATIENCE_MS })

      const out = (await ledger()).filter(
        (entry) => entry.direction === 'fromSession' && entry.kind === 'text',
      )
      const read = out.map((entry) => [entry.id, entry.direction === 'fromSession' ? entry.text : undefined])
      assert.deepEqual(
        new Map(read as [string, string][]),
        outgoing,
        'the contact read what was asked for, in order',
      )
      assert.equal(read.length, outgoing.size, 'and nothing twice')
      for (const entry of out) {
        assert.ok(entry.direction === 'fromSession')
        assert.equal(entry.conflicting, false)
        assert.equal(entry.decryptFailures, 0)
      }

      const all = new Map([...outgoing, ...incoming])
      await until(async () => (await readModel()).size >= all.size, {
        timeoutMs: PATIENCE_MS,
        everyMs: 250,
        describe: 'the read model',
      })
      assert.deepEqual(new Map([...(await readModel())].sort()), new Map([...all].sort()))
      return { out: outgoing.size, back: incoming.size }
    },
  }
}

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createSimulator, createSimulatorClient, type SimulatorOperations } from '../index.ts'
import { redirect } from '../redirect.ts'
import { connectBare } from '../testing/bare-client.ts'
import { linkBare } from '../testing/linked-client.ts'

const NUMBER = '491700000050'
const CONTACT = '491700000051'

/** The same promises for a simulator in the process and for one behind HTTP. */
const conforms = (
  name: string,
  connect: (controlUrl: string, inProcess: SimulatorOperations) => SimulatorOperations,
) =>
  describe(name, () => {
    const simulator = createSimulator({ prekeyCount: 'plenty' })
    let operations: SimulatorOperations
    before(async () => {
      const { trust, controlUrl } = await simulator.start()
      redirect(trust)
      operations = connect(controlUrl, simulator)
      assert.deepEqual(await operations.trust(), trust)
    })
    after(() => simulator.stop())

    test('phones', async () => {
      const created = await operations.phones.create({ number: NUMBER, pushName: 'Ada' })
      assert.deepEqual(created, {
        number: NUMBER,
        lid: created.lid,
        pushName: 'Ada',
        initialSync: false,
        devices: [],
      })
      assert.match(created.lid, /^\d{15}$/)
      assert.deepEqual(await operations.phones.list(), [created])
      assert.deepEqual(await operations.phones.get(NUMBER), created)
      await assert.rejects(operations.phones.get('491799999999'), { code: 'not_found', field: 'number' })
    })

    test('refusals name the field', async () => {
      const cases: [() => Promise<unknown>, string][] = [
        [() => operations.phones.create({ number: 'abc' }), 'number'],
        [() => operations.contacts.send(CONTACT, { to: NUMBER }), 'value'],
        [() => operations.contacts.send(CONTACT, { to: 'x', text: 'a' }), 'to'],
        [() => operations.contacts.set({ number: CONTACT, deliverAfterMs: -1 }), 'deliverAfterMs'],
        [() => operations.faults.set({ latency: { inMs: 'soon' as never } }), 'latency.inMs'],
        [() => operations.sessions.end({ event: 'nothing' as never }), 'event'],
        [() => operations.ledger.read({ direction: 'sideways' as never }), 'direction'],
        [() => operations.phones.scan(NUMBER, ''), 'qr'],
        [() => operations.phones.unlink(NUMBER, 7), 'device'],
      ]
      for (const [refused, field] of cases) {
        await assert.rejects(refused(), (error: { name: string; field: string }) => {
          assert.deepEqual([error.name, error.field], ['Refusal', field])
          return true
        })
      }
    })

    test('contacts and defaults', async () => {
      assert.equal((await operations.contacts.setDefaults({ readAfterMs: 5 })).readAfterMs, 5)
      const contact = await operations.contacts.set({
        number: CONTACT,
        pushName: 'Bob',
        deliverAfterMs: null,
      })
      assert.deepEqual(
        [contact.pushName, contact.deliverAfterMs, contact.readAfterMs, contact.registered],
        ['Bob', null, 5, true],
      )
      assert.deepEqual(await operations.contacts.get(CONTACT), contact)
    })

    test('faults', async () => {
      assert.deepEqual(await operations.faults.set({ withholdAcks: true }), { withholdAcks: true })
      assert.deepEqual(await operations.faults.set({ ackError: { code: 463 } }, NUMBER), {
        ackError: { code: 463 },
      })
      await operations.faults.clear(NUMBER)
      assert.deepEqual(await operations.faults.get(NUMBER), {})
      assert.deepEqual(await operations.faults.get(), { withholdAcks: true })
      await operations.faults.clear()
      assert.deepEqual(await operations.faults.get(), {})
    })

    test('linking, messages, ledger, sessions, drained, unlink, reset', async () => {
      const client = await linkBare(operations, NUMBER)
      const cursor = (await operations.ledger.read()).cursor
      const { id } = await operations.contacts.send(CONTACT, { to: NUMBER, text: 'hi', addressing: 'lid' })
      assert.equal(await client.text(id), 'hi')
      await operations.contacts.presence(CONTACT, { to: NUMBER, state: 'composing' })
      await operations.drained({ timeoutMs: 5000 })
      const { entries } = await operations.ledger.read({ since: cursor, account: NUMBER })
      assert.deepEqual(
        entries.map(({ direction, text }) => [direction, text]),
        [['toSession', 'hi']],
      )
      const [session] = await operations.sessions.list()
      assert.deepEqual([session?.number, session?.device, session?.active], [NUMBER, 1, true])
      assert.equal(await operations.sessions.end({ event: 'streamError', code: 503 }, { number: NUMBER }), 1)
      assert.equal(await client.closed(), 503)
      await operations.ledger.clear()
      assert.deepEqual((await operations.ledger.read()).entries, [])
      await operations.phones.unlink(NUMBER, 1)
      const again = connectBare(client.auth)
      assert.equal(await again.closed(), 401)
      await operations.reset()
      assert.deepEqual(await operations.phones.list(), [])
    })
  })

conforms('in the process', (_controlUrl, simulator) => simulator)
conforms('over HTTP', (controlUrl) => createSimulatorClient(controlUrl))

test('the control API refuses web pages, broken JSON and unknown paths', async (t) => {
  const simulator = createSimulator()
  const { controlUrl } = await simulator.start()
  t.after(() => simulator.stop())
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(controlUrl + path, init)
    const { error } = (await response.json()) as { error: { field?: string } }
    return [response.status, error.field]
  }
  assert.deepEqual(await ask('/phones', { headers: { origin: 'https://example.org' } }), [400, 'origin'])
  assert.deepEqual(await ask('/phones', { method: 'POST', body: '{' }), [400, 'body'])
  assert.deepEqual(await ask('/phones', { method: 'POST', body: '[]' }), [400, 'body'])
  assert.deepEqual(await ask('/nowhere', {}), [404, undefined])
})

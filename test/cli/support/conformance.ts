/** What every way to the instances must do: the commands of the command line, against a real session and the simulator's ledger. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionAccess } from '@warren/cli'
import { until } from '@warren/runtime/testing'
import type { SimulatorOperations } from '@warren/simulator'
import { cli, type Running, startCli } from './terminal.ts'

export type World = {
  readonly access: SessionAccess
  readonly simulator: SimulatorOperations
  /** What `create` must be told here. */
  readonly createFlags: readonly string[]
  /** Called with the name of each instance that was made: where nothing else starts a session, this does. */
  created(name: string): Promise<void>
}

const OF_ALICE = '491701000001'
const OF_BOB = '491701000002'
const FRIEND = '491540001111'
const STRANGER = '491540002222'

export function commandsWorkOver({ access, simulator, createFlags, created }: World): void {
  const given = { access }

  async function create(name: string): Promise<string> {
    const out = await cli(['create', name, ...createFlags], given)
    const [, made = assert.fail(out)] = /^instance (\S+) created\n$/.exec(out) ?? []
    await created(made)
    return made
  }

  /** What the latest line of JSON of a pairing shows. @throws Error with what the command said when it shows nothing */
  async function shown(running: Running, field: 'qr' | 'code'): Promise<string> {
    const ended = running.code.then((code) => assert.fail(`it ended with ${code}: ${running.err()}`))
    const found = until(
      () => {
        const last = running.out().trim().split('\n').at(-1)
        return last ? (JSON.parse(last) as Record<string, string>)[field] : undefined
      },
      { timeoutMs: 60_000, describe: `a ${field}` },
    )
    return Promise.race([found, ended])
  }

  let alice = ''

  test('create, then link by the QR that is shown', { timeout: 120_000 }, async () => {
    alice = await create('alice')
    await simulator.phones.create({ number: OF_ALICE, pushName: 'Alice' })
    const qr = startCli(['qr', alice, '-o', 'json'], given)
    await simulator.phones.scan(OF_ALICE, await shown(qr, 'qr'))
    assert.equal(await qr.code, 0, qr.err())
    assert.match(qr.err(), new RegExp(`Linked to \\+${OF_ALICE}; connecting …\n${alice} is connected`))
    assert.match(await cli(['list'], given), new RegExp(`\\b${alice}\\b`))
  })

  test('what is linked already is not linked again', async () => {
    const again = startCli(['qr', alice], given)
    assert.equal(await again.code, 0, again.err())
    assert.match(again.err(), /is linked already/)
    assert.equal(again.out(), '')
  })

  test('send waits for WhatsApp and prints the id; events show the same', { timeout: 60_000 }, async () => {
    const events = startCli(['events', alice, '-o', 'json'], given)
    await simulator.contacts.set({ number: FRIEND, deliverAfterMs: 0, readAfterMs: null })
    const id = (await cli(['send', alice, `+${FRIEND}`, 'Hello', '--wait', 'delivered'], given)).trim()
    const { entries } = await simulator.ledger.read({ id })
    assert.equal(entries.length, 1)
    await simulator.contacts.send(FRIEND, { to: OF_ALICE, text: 'Hello Alice' })
    const received = await until(
      () => {
        const seen = events
          .out()
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
        return seen.find((event) => event.type === 'message.received')
      },
      { timeoutMs: 20_000, describe: 'the answer among the events' },
    )
    assert.equal(received.data.message.content.text, 'Hello Alice')
    assert.equal(await events.interrupt(), 130)
  })

  test('the text may come from stdin, and the result as JSON', async () => {
    const out = await cli(['send', alice, FRIEND, '-', '-o', 'json'], { ...given, stdin: 'from a pipe\n' })
    const { id, status } = JSON.parse(out)
    assert.ok(['sent', 'delivered'].includes(status), status)
    const { entries } = await simulator.ledger.read({ id })
    const [entry] = entries
    assert.ok(entry?.direction === 'fromSession' && JSON.stringify(entry).includes('from a pipe'))
  })

  test('a message that WhatsApp refuses ends with its own code and the reason', {
    timeout: 60_000,
  }, async () => {
    await simulator.contacts.set({ number: STRANGER, registered: false })
    const refused = startCli(['send', alice, STRANGER, 'anyone?'], given)
    assert.equal(await refused.code, 6, refused.err())
    assert.match(refused.err(), /not on WhatsApp/)
  })

  test('whom a message is for is checked before anything is stored', async () => {
    const refused = startCli(['send', alice, 'my mother', 'hello'], given)
    assert.equal(await refused.code, 1)
    assert.match(refused.err(), /^error: "to" must be an international phone number/)
    assert.equal(refused.out(), '')
  })

  test('link by a code', { timeout: 120_000 }, async () => {
    const bob = await create('bob')
    await simulator.phones.create({ number: OF_BOB })
    const pair = startCli(['pair', bob, '--phone', `+${OF_BOB}`, '-o', 'json'], given)
    await simulator.phones.enterCode(OF_BOB, await shown(pair, 'code'))
    assert.equal(await pair.code, 0, pair.err())
    assert.match(pair.err(), new RegExp(`${bob} is connected`))
  })

  test('logout ends the link on the phone; a second one says what to do', { timeout: 60_000 }, async () => {
    assert.match(await cli(['logout', alice], given), /logged out/)
    assert.deepEqual((await simulator.phones.get(OF_ALICE)).devices, [])
  })

  test('suspend and resume', async () => {
    await cli(['suspend', alice], given)
    assert.equal((await access.get(alice)).operatingMode, 'Suspended')
    const refused = startCli(['qr', alice], given)
    assert.equal(await refused.code, 1)
    assert.match(refused.err(), new RegExp(`suspended\\.\\n→ kubectl wa resume ${alice}`))
    const restarted = startCli(['restart', alice], given)
    assert.equal(await restarted.code, 1)
    assert.match(restarted.err(), new RegExp(`suspended\\.\\n→ kubectl wa resume ${alice}`))
    await cli(['resume', alice], given)
    assert.equal((await access.get(alice)).operatingMode, 'Running')
  })

  test('an instance that is not there', async () => {
    for (const args of [
      ['status', 'nobody'],
      ['qr', 'nobody'],
      ['send', 'nobody', FRIEND, 'x'],
      ['restart', 'nobody'],
    ]) {
      const missing = startCli(args, given)
      assert.equal(await missing.code, 3, missing.err())
      assert.match(missing.err(), /^error: There is no instance nobody/)
    }
  })
}

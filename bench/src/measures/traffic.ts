/** One clocked burst of messages in one direction, checked against the simulator's ledger: lost or doubled, and there is no figure. */
import { randomBytes } from 'node:crypto'
import { messageIdFrom } from '@warren/contracts'
import type { LedgerEntry, LedgerFilter } from '@warren/simulator'
import { canReadProcesses, cpuMs } from '../process-stats.ts'
import type { OutgoingText, Subject } from '../subjects/subject.ts'
import type { World } from '../world.ts'
import { CONTACTS, jidOf } from './accounts.ts'

export type Burst = {
  /** Messages a second, as the server saw them. */
  readonly rate: number
  /** Processor time of the session's process per message, with everything that followed from it; NaN where it cannot be read. */
  readonly cpuMsEach: number
}

const POLL_MS = 50
/** A client that moves nothing for this long will not. */
const STALL_MS = 30_000

/** The session writes `count` texts to all contacts in turn: from the first to the last that the server accepted. */
export async function sendBurst(world: World, subject: Subject, count: number): Promise<Burst> {
  const { simulator } = world
  const messages = Array.from({ length: count }, (_, index) => outgoing(index))
  await simulator.ledger.clear()
  const go = await subject.prepare(messages)
  const cpu = cpuOf(subject)
  go()
  const filter: LedgerFilter = { direction: 'fromSession', account: subject.account }
  await watched(world, subject, count, filter, (entry) => entry.direction === 'fromSession')
  await simulator.drained({ timeoutMs: STALL_MS })
  const cpuMsEach = cpu() / count

  const { entries } = await simulator.ledger.read(filter)
  checkSent(subject, messages, entries)
  const accepted = entries.map(({ firstAt }) => firstAt)
  const tookMs = Math.max(...accepted) - Math.min(...accepted)
  return { rate: ((count - 1) * 1000) / tookMs, cpuMsEach }
}

function outgoing(index: number): OutgoingText {
  const contact = CONTACTS[index % CONTACTS.length] ?? ''
  const id = messageIdFrom(randomBytes(9))
  return { id, to: jidOf(contact), text: `message ${index} ${id}` }
}

function checkSent(
  subject: Subject,
  messages: readonly OutgoingText[],
  entries: readonly LedgerEntry[],
): void {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const bad = messages.filter(({ id, to, text }) => {
    const entry = byId.get(id)
    if (entry?.direction !== 'fromSession') return true
    const once = entry.attempts === 1 && entry.opened === 1 && entry.decryptFailures === 0
    return !once || entry.text !== text || jidOf(entry.to) !== to
  })
  const extra = entries.length - byId.size + Math.max(0, byId.size - messages.length)
  if (bad.length || extra)
    throw new Error(
      `${subject.variant} did not send each message once: ${bad.length} wrong, ${extra} too many, of ${messages.length}`,
    )
  for (const [chat, sent] of Map.groupBy(messages, ({ to }) => to)) {
    const order = sent.map(({ id }) => byId.get(id)?.seq ?? 0)
    if (order.some((seq, index) => index > 0 && seq < (order[index - 1] ?? 0)))
      throw new Error(`${subject.variant} changed the order of messages to ${chat}`)
  }
}

/**
 * The contacts write `count` texts to the session: from the moment in which the server begins to send them to the last acknowledgement.
 * They are sealed beforehand and held back, so that the server has no other work while it is clocked.
 */
export async function receiveBurst(world: World, subject: Subject, count: number): Promise<Burst> {
  const { simulator } = world
  await subject.received()
  for (;;) {
    await simulator.ledger.clear()
    const began = Date.now()
    const releaseAt = Math.ceil(began + 200 + count * world.sealing.msEach * 1.5)
    const ids = await sealAll(world, subject.account, count, releaseAt)
    const late = Date.now() >= releaseAt - 50
    world.sealing.msEach = Math.max(world.sealing.msEach, (Date.now() - began) / count)
    const cpu = cpuOf(subject)
    const filter: LedgerFilter = { direction: 'toSession', account: subject.account }
    await watched(world, subject, count, filter, (entry) => 'acknowledged' in entry && entry.acknowledged > 0)
    await simulator.drained({ timeoutMs: STALL_MS })
    await simulator.faults.clear(subject.account)
    const cpuMsEach = cpu() / count

    const { entries } = await simulator.ledger.read(filter)
    checkReceived(subject, ids, entries, await subject.received())
    // Some were on their way before all were sealed: nothing is wrong, but it is no burst.
    if (late) continue
    const tookMs = Math.max(...entries.map(({ lastAt }) => lastAt)) - releaseAt
    return { rate: (count * 1000) / tookMs, cpuMsEach }
  }
}

/** Each message is delayed by what is left until the release, so that all leave together, in their order. */
async function sealAll(world: World, account: string, count: number, releaseAt: number): Promise<string[]> {
  const { faults, contacts } = world.simulator
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    await faults.set({ latency: { outMs: Math.max(0, releaseAt - Date.now()) } }, account)
    const contact = CONTACTS[index % CONTACTS.length] ?? ''
    const { id } = await contacts.send(contact, { to: account, text: `message ${index}` })
    ids.push(id)
  }
  return ids
}

function checkReceived(
  subject: Subject,
  ids: readonly string[],
  entries: readonly LedgerEntry[],
  received: readonly string[],
): void {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const bad = ids.filter((id) => {
    const entry = byId.get(id)
    if (entry?.direction !== 'toSession') return true
    const { queued, sent, acknowledged, nacked, retryRequests } = entry
    return queued !== 1 || sent !== 1 || acknowledged !== 1 || nacked > 0 || retryRequests > 0
  })
  const times = Map.groupBy(received, (id) => id)
  const missing = ids.filter((id) => times.get(id)?.length !== 1)
  if (bad.length || missing.length || received.length !== ids.length)
    throw new Error(
      `${subject.variant} did not receive each message once: ${bad.length} wrong at the server, ` +
        `${missing.length} lost or doubled, ${received.length} seen of ${ids.length}`,
    )
}

/** Resolves when `count` messages are `done`. Reads only what changed, since this shares its processor with the server. */
async function watched(
  world: World,
  subject: Subject,
  count: number,
  filter: LedgerFilter,
  done: (entry: LedgerEntry) => boolean,
): Promise<void> {
  const seen = new Set<string>()
  let since = 0
  let movedAt = performance.now()
  while (seen.size < count) {
    const page = await world.simulator.ledger.read({ ...filter, since })
    since = page.cursor
    const before = seen.size
    for (const entry of page.entries) if (done(entry)) seen.add(entry.id)
    if (seen.size > before) movedAt = performance.now()
    if (performance.now() - movedAt > STALL_MS)
      throw new Error(
        `${subject.variant} moved nothing for ${STALL_MS / 1000} s: ${seen.size} of ${count} messages`,
      )
    await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), subject.died])
  }
}

function cpuOf({ pid }: Subject): () => number {
  if (!canReadProcesses) return () => Number.NaN
  const before = cpuMs(pid)
  return () => cpuMs(pid) - before
}

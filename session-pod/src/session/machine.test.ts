import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account } from '@warren/contracts'
import fc from 'fast-check'
import { step } from './machine.ts'
import { type Env, initialModel, type SessionEvent, type SessionModel } from './model.ts'

const account: Account = { jid: '491@s.whatsapp.net', phone: '491' }
const now = new Date('2026-01-01T00:00:00Z')
const env: Env = { now, random: () => 0.5 }

/** Plays events; returns the last model and all effects. */
function play(events: readonly SessionEvent[], from: SessionModel = initialModel(3, now)) {
  const effects = []
  let model = from
  for (const event of events) {
    const next = step(model, event, env)
    model = next.model
    effects.push(...next.effects)
  }
  return { model, effects }
}

const closed = (code: number, text = '', conflict?: string): SessionEvent => ({
  type: 'closed',
  ending: { code, text, ...(conflict ? { conflict } : {}) },
})
const qr: SessionEvent = { type: 'qr', qr: 'Q', expiresAt: now }
const linked: SessionEvent[] = [{ type: 'loaded', account }, { type: 'opened' }]

test('a new instance pairs by QR, up to its attempts, and then waits for a person', () => {
  const { model, effects } = play([{ type: 'loaded' }, qr, qr, qr, qr])
  assert.deepEqual([model.status.phase, model.status.reason], ['parked', 'PairingAttemptsUsedUp'])
  assert.deepEqual(
    effects.map((effect) => effect.do),
    ['rest', 'connect', 'close', 'rest'],
  )
  const again = play([{ type: 'pairRequested', request: { method: 'qr' } }, qr], model)
  assert.deepEqual([again.model.status.phase, again.model.status.pairing?.attempt], ['pairing', 1])
})

test('attempts go on over connections: WhatsApp gives few QRs to each', () => {
  const { model } = play([
    { type: 'loaded' },
    qr,
    qr,
    closed(408, 'QR refs attempts ended'),
    { type: 'retryDue' },
    qr,
  ])
  assert.equal(model.status.pairing?.attempt, 3)
})

test('a pairing by code starts anew with each connection, and ends after its attempts', () => {
  const request = { method: 'code', phoneNumber: '491' } as const
  const code: SessionEvent = { type: 'code', code: 'ABCD1234', expiresAt: now }
  const round = [code, closed(428), { type: 'retryDue' }] as const
  const { model, effects } = play([{ type: 'loaded', pairing: request }, ...round, ...round, ...round])
  assert.equal(model.status.reason, 'PairingAttemptsUsedUp')
  assert.equal(effects.filter((effect) => effect.do === 'connect').length, 3)
})

test('a code that WhatsApp refuses counts as an attempt, and the status says why', () => {
  const request = { method: 'code', phoneNumber: '491' } as const
  const refused: SessionEvent = { type: 'codeRefused', text: 'rate-overlimit' }
  const first = play([{ type: 'loaded', pairing: request }, refused])
  const { phase, reason, message } = first.model.status
  assert.deepEqual([phase, reason], ['pairing', 'PairingCodeRefused'])
  assert.match(message ?? '', /rate-overlimit/)
  assert.deepEqual(
    first.effects.slice(-2).map((effect) => effect.do),
    ['close', 'retry'],
  )
  const last = play([{ type: 'retryDue' }, refused, { type: 'retryDue' }, refused], first.model)
  assert.deepEqual([last.model.status.phase, last.model.status.reason], ['parked', 'PairingCodeRefused'])
})

test('that a new link is asked to connect anew is no loss; asked of an open connection, it is one', () => {
  const lost = (events: readonly SessionEvent[]) => play(events).model.status.lastDisconnect?.code
  assert.equal(lost([{ type: 'loaded' }, qr, { type: 'paired', account }, closed(515)]), undefined)
  assert.equal(lost([...linked, closed(515)]), 515)
})

test('a logout is believed when a second login says so too', () => {
  const once = play([...linked, closed(401, '', 'device_removed')])
  assert.equal(once.model.status.phase, 'reconnecting')
  const twice = play([{ type: 'retryDue' }, closed(401)], once.model)
  assert.equal(twice.model.status.phase, 'loggedOut')
  assert.equal(twice.model.account, undefined)
  assert.ok(twice.effects.some((effect) => effect.do === 'journalLoggedOut'))
  const no = play([{ type: 'retryDue' }, { type: 'opened' }, closed(401)], once.model)
  assert.equal(no.model.status.phase, 'reconnecting')
})

test('a logged-out session stays so over a restart, whatever credentials are kept', () => {
  const rest = { phase: 'loggedOut', reason: 'LoggedOut', message: '' } as const
  const { model, effects } = play([{ type: 'loaded', account, rest }])
  assert.deepEqual([model.status.phase, model.account, effects], ['loggedOut', undefined, []])
})

test('a replaced connection looks at the lease, never fights, and gives up after three', () => {
  const first = play([...linked, closed(440, '', 'replaced')])
  assert.deepEqual(
    first.effects.slice(-2).map((effect) => effect.do),
    ['checkLease', 'retry'],
  )
  const third = play([{ type: 'retryDue' }, closed(440), { type: 'retryDue' }, closed(440)], first.model)
  assert.deepEqual([third.model.status.phase, third.model.status.reason], ['parked', 'ConnectionReplaced'])
})

/** Each round: the connection opens, holds for so long, and ends; returns the wait before the next. */
function rounds(count: number, heldMs: number, ending: SessionEvent) {
  let { model } = play([{ type: 'loaded', account }])
  let at = now.getTime()
  const waits: number[] = []
  for (let round = 0; round < count; round++) {
    for (const event of [{ type: 'opened' }, ending, { type: 'retryDue' }] as const) {
      if (event === ending) at += heldMs
      const next = step(model, event, { now: new Date(at), random: () => 0.5 })
      model = next.model
      for (const effect of next.effects) if (effect.do === 'retry') waits.push(effect.afterMs)
      if (model.status.phase === 'parked') return { model, waits }
    }
  }
  return { model, waits }
}

test('a fight for the connection ends, though each login succeeds; rare replacements do not add up', () => {
  assert.equal(rounds(3, 45_000, closed(440, '', 'replaced')).model.status.reason, 'ConnectionReplaced')
  assert.equal(rounds(3, 45_000, closed(440, '', 'replaced')).model.status.phase, 'parked')
  assert.notEqual(rounds(8, 3_600_000, closed(440, '', 'replaced')).model.status.phase, 'parked')
})

test('a server that accepts and then closes is met ever less often, one that held a while at once', () => {
  const { waits } = rounds(8, 100, closed(428))
  assert.ok(
    waits.slice(4).every((ms) => ms >= 10_000 && ms <= 24_000),
    `${waits}`,
  )
  assert.ok(rounds(8, 90_000, closed(428)).waits.every((ms) => ms <= 1_000))
})

test('what fails soon after a long outage is tried again at once: together the two shall not last longer than one', () => {
  const failing = Array.from({ length: 6 }, () => [closed(503), { type: 'retryDue' }] as const).flat()
  const { model } = play([{ type: 'loaded', account }, ...failing, { type: 'opened' }])
  // As long as it takes to notice a connection that fell silent the moment it was open.
  const silent = { now: new Date(now.getTime() + 22_000), random: () => 0.5 }
  const { effects } = step(model, closed(0, 'WhatsApp has fallen silent'), silent)
  const [retry] = effects.flatMap((effect) => (effect.do === 'retry' ? effect.afterMs : []))
  assert.ok(retry !== undefined && retry <= 2_000, String(retry))
})

test('a temporary ban is tried again when it ends, and is no rest', () => {
  const { model, effects } = play([
    ...linked,
    { type: 'closed', ending: { code: 402, text: '', expiresInSeconds: 60 } },
  ])
  assert.equal(model.status.phase, 'banned')
  assert.deepEqual(effects.slice(-2), [{ do: 'close' }, { do: 'retry', afterMs: 60_000 }])
})

test('it slows down after the quick attempts and says so', () => {
  const lost = Array.from({ length: 5 }, () => [closed(408), { type: 'retryDue' }] as const).flat()
  const { model } = play([...linked, ...lost])
  assert.equal(model.status.reason, 'SlowRetries')
})

test('a restart of an unlinked session pairs', () => {
  const { effects } = play([
    { type: 'loaded' },
    { type: 'disconnectRequested' },
    { type: 'restartRequested' },
  ])
  assert.deepEqual(effects.at(-1), { do: 'connect', pairing: { method: 'qr' } })
})

const anyEvent: fc.Arbitrary<SessionEvent> = fc.oneof(
  fc.constantFrom<SessionEvent>(
    qr,
    { type: 'code', code: 'X', expiresAt: now },
    { type: 'codeRefused', text: 'no' },
    { type: 'paired', account },
    { type: 'opened' },
    { type: 'retryDue' },
    { type: 'restartRequested' },
    { type: 'disconnectRequested' },
    { type: 'loggedOut', by: 'request' },
    { type: 'pairRequested', request: { method: 'qr' } },
    { type: 'pairRequested', request: { method: 'code', phoneNumber: '491' } },
    { type: 'wrongNumber', linked: '1', wanted: '2' },
  ),
  fc
    .constantFrom(0, 400, 401, 402, 403, 405, 406, 408, 411, 428, 440, 500, 503, 515, 999)
    .map((code) => closed(code)),
)

test('whatever happens: a session rests, waits for a timer, or is connecting; and never forgets to', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      let { model } = play([{ type: 'loaded', account }])
      for (const event of events) {
        const { model: next, effects } = step(model, event, env)
        const { phase } = next.status
        const last = effects.findLast(({ do: kind }) => ['connect', 'close', 'retry'].includes(kind))?.do
        if (event.type === 'closed' && (phase === 'reconnecting' || phase === 'pairing')) {
          // Unless nothing was wanted, a lost connection is followed by another attempt.
          if (next.account || next.pairing) assert.equal(last, 'retry')
        }
        if (phase === 'parked' || phase === 'loggedOut') assert.notEqual(last, 'connect')
        if (phase === 'loggedOut') assert.equal(next.account, undefined)
        if (next.status.pairing) assert.equal(phase, 'pairing')
        if (next.status.retry) assert.ok(next.status.retry.nextAt > now)
        model = next
      }
    }),
  )
})

test('only a linked session reports an account, and only a logout or a new pairing ends one', () => {
  const ending = new Set(['loggedOut', 'pairRequested', 'wrongNumber', 'closed'])
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
      let { model } = play([{ type: 'loaded', account }])
      for (const event of events) {
        const next = step(model, event, env).model
        if (model.account && !next.account) {
          assert.ok(ending.has(event.type))
          if (event.type === 'closed') assert.ok([401, 440].includes(event.ending.code))
        }
        model = next
      }
    }),
  )
})

test('damaged credentials: nothing is tried with them, and only a person puts others in their place', () => {
  const loaded = play([{ type: 'loaded', account, flaw: 'the Noise key is damaged' }])
  assert.deepEqual([loaded.model.status.phase, loaded.model.status.reason], ['parked', 'CredentialsDamaged'])
  assert.match(loaded.model.status.message ?? '', /Noise key is damaged/)
  // Not stored: the next process looks for itself. And no restart begins a pairing over them.
  const restarted = play([{ type: 'restartRequested' }, { type: 'retryDue' }], loaded.model)
  assert.deepEqual(restarted.model.status.reason, 'CredentialsDamaged')
  assert.deepEqual(
    [...loaded.effects, ...restarted.effects].map((effect) => effect.do),
    ['close', 'close'],
  )
  const restored = play([{ type: 'imported', account }, { type: 'restartRequested' }], loaded.model)
  assert.equal(restored.model.status.phase, 'connecting')
  const request = { method: 'qr' } as const
  const paired = play([{ type: 'pairRequested', request }, qr, { type: 'paired', account }], loaded.model)
  assert.deepEqual([paired.model.status.phase, paired.model.flaw], ['connecting', undefined])
  const givenUp = play([{ type: 'pairRequested', request }, { type: 'restartRequested' }], loaded.model)
  assert.deepEqual([givenUp.model.pairing, givenUp.model.status.phase], [undefined, 'parked'])
})

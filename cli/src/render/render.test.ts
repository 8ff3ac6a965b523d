import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventEnvelope } from '@warren/contracts'
import type { ConditionView, InstanceView } from '../access/port.ts'
import { ago } from './duration.ts'
import { eventLine } from './event-line.ts'
import { cut, printable } from './printable.ts'
import { qrLines } from './qr.ts'
import { statusTree } from './status-tree.ts'
import { plain, type Style, styleFor } from './style.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString()

const condition = (
  type: ConditionView['type'],
  status: ConditionView['status'],
  reason: string,
  message: string,
  minutes: number,
): ConditionView => ({ type, status, reason, message, lastTransitionTime: minutesAgo(minutes) })

const ALICE: InstanceView = {
  name: 'alice',
  namespace: 'team-a',
  id: 'team-a.alice',
  organization: 'acme',
  displayName: "Alice's phone",
  operatingMode: 'Running',
  deletionPolicy: 'Retain',
  phase: 'Degraded',
  account: { phone: '491701234567', pushName: 'Ada' },
  pod: 'alice',
  epoch: 4,
  lastDisconnect: { code: 428, reason: 'ConnectionLost', at: minutesAgo(3) },
  createdAt: minutesAgo(60 * 24 * 3),
  conditions: [
    condition('Scheduled', 'True', 'PodRunning', 'The session pod runs.', 60 * 24),
    condition('Paired', 'True', 'Linked', 'A WhatsApp account is linked.', 60 * 24),
    condition('Connected', 'False', 'Reconnecting', 'The connection was lost and is tried again.', 3),
    condition('Ready', 'False', 'NotConnected', 'See the condition Connected.', 3),
    condition('Degraded', 'True', 'RepeatedReconnects', 'Six attempts in a row failed.', 1),
  ],
  raw: {},
}

test('the tree says what is wrong, since when, and what to do', () => {
  assert.equal(
    statusTree(ALICE, { now: NOW, style: plain, wa: 'kubectl wa', here: '' }),
    `team-a/alice · Alice's phone
Phase      Degraded
Account    +491701234567 (Ada)
Org        acme
Pod        alice, epoch 4
Last loss  ConnectionLost (428), 3m ago
Age        3d
Conditions
├─ ✔ Scheduled  PodRunning  for 24h
├─ ✔ Paired     Linked  for 24h
├─ ✖ Connected  Reconnecting  for 3m
│      The connection was lost and is tried again.
│      → It goes on by itself; if it lasts: kubectl wa logs alice
├─ ✖ Ready      NotConnected  for 3m
│      See the condition Connected.
└─ ✖ Degraded   RepeatedReconnects  for 60s
       Six attempts in a row failed.
       → kubectl wa logs alice`,
  )
})

test('advice looks where the person looked', () => {
  const refused = condition('Scheduled', 'False', 'PodRefused', 'Too much.', 1)
  const suspended = condition('Scheduled', 'False', 'Suspended', 'Suspended.', 1)
  const tree = (one: typeof refused) =>
    statusTree(
      { ...ALICE, conditions: [one] },
      { now: NOW, style: plain, wa: 'kubectl wa', here: ' -n team-a' },
    )
  assert.match(tree(refused), /→ kubectl describe whatsappinstance alice -n team-a$/)
  assert.match(tree(suspended), /→ kubectl wa resume alice -n team-a$/)
})

test('an instance that nobody has looked at yet', () => {
  const { account: _a, pod: _p, epoch: _e, lastDisconnect: _l, displayName: _d, ...fresh } = ALICE
  const tree = statusTree(
    { ...fresh, phase: 'Pending', conditions: [] },
    { now: NOW, style: plain, wa: 'warren', here: '' },
  )
  assert.match(tree, /^team-a\/alice\nPhase {6}Pending\nAccount {4}not linked\n/)
  assert.match(tree, /Conditions none yet: the operator has not looked at it$/)
})

test('a reason of a newer operator is shown as it is', () => {
  const conditions = [condition('Scheduled', 'Unknown', 'MoonIsFull', 'Wait.', 1)]
  const tree = statusTree({ ...ALICE, conditions }, { now: NOW, style: plain, wa: 'warren', here: '' })
  assert.match(tree, /└─ \? Scheduled {2}MoonIsFull {2}for 60s\n {7}Wait\.$/)
})

const GOLDEN = [
  '                         ',
  '  █▀▀▀▀▀█ ▄█ █▀ █▀▀▀▀▀█  ',
  '  █ ███ █ ▀█ ▄▀ █ ███ █  ',
  '  █ ▀▀▀ █ █  ▄█ █ ▀▀▀ █  ',
  '  ▀▀▀▀▀▀▀ █▄█▄█ ▀▀▀▀▀▀▀  ',
  '  ▀█▄█ ▄▀█▄▀█   █▀▀▄▀█   ',
  '  █▄▀▄▀▀▀▄▀▀ ▄▀▀   ▄▀▄▀  ',
  '  ▀▀▀  ▀▀ ▄ █▄▀ ▀▄█▄ ▄█  ',
  '  █▀▀▀▀▀█ ▀██▄▄█ █▄ ▀    ',
  '  █ ███ █ ▄█ █  ▀█▀  ▄█  ',
  '  █ ▀▀▀ █ ▄▀▀ ▀▄▄ ▀   ▀  ',
  '  ▀▀▀▀▀▀▀ ▀  ▀▀   ▀▀ ▀   ',
  '                         ',
]

test('a QR is black on white with colours, and half blocks in any case', async () => {
  const bare = await qrLines('2@abc', { style: plain })
  assert.deepEqual(bare, GOLDEN)
  const inverted = await qrLines('2@abc', { style: plain, invert: true })
  assert.equal(inverted[0], '█'.repeat(25))
  const coloured: Style = (format, text) => `<${[format].flat().join(' ')}>${text}`
  for (const line of await qrLines('2@abc', { style: coloured })) assert.match(line, /^<black bgWhiteBright>/)
})

test('a QR of WhatsApp fits into 80 columns', async () => {
  const text = `https://wa.me/settings/linked_devices#2@${'x'.repeat(200)}`
  for (const line of await qrLines(text, { style: plain })) assert.ok([...line].length <= 80)
})

const event = (type: string, data: object) =>
  ({ type, time: NOW.toISOString(), data }) as unknown as EventEnvelope
const lines: [event: EventEnvelope, line: string][] = [
  [
    event('message.received', {
      message: {
        fromMe: false,
        pushName: 'Grace',
        sender: { jid: '1@lid', pn: '4917@s.whatsapp.net' },
        content: { type: 'text', text: 'two\nlines \u001b[31mred\u202e' },
      },
    }),
    '12:00:00 message.received     ← Grace: two ⏎ lines \uFFFD[31mred\uFFFD',
  ],
  [event('message.status', { id: '3EB0', status: 'read' }), '12:00:00 message.status       3EB0 read'],
  [
    event('session.status', { phase: 'parked', reason: 'PairingAttemptsUsedUp' }),
    '12:00:00 session.status       parked: PairingAttemptsUsedUp',
  ],
  // What links the account is not left in the scroll-back.
  [
    event('pairing.qr', { qr: '2@secret', attempt: 1, maxAttempts: 3 }),
    '12:00:00 pairing.qr           attempt 1 of 3',
  ],
  [event('pairing.code', { code: 'SECRET12' }), '12:00:00 pairing.code         a new code'],
  [event('moon.full', { phase: 1 }), '12:00:00 moon.full            {"phase":1}'],
]
for (const [given, line] of lines) {
  test(`shows ${given.type} on one line`, () =>
    assert.equal(eventLine(given, { style: plain, utc: true }), line))
}

test('a line is cut to the terminal', () => {
  const long = event('session.loggedOut', { reason: 'x'.repeat(100) })
  assert.equal([...eventLine(long, { style: plain, columns: 60, utc: true })].length, 59)
})

test('strangers cannot write to the terminal but letters', () => {
  assert.equal(printable('a\u0007b\u009bc\u2066d'), 'a\uFFFDb\uFFFDc\uFFFDd')
  assert.equal(cut('🦊🦊🦊', 2), '🦊…')
})

test('ages are written as kubectl writes them', () => {
  const rows: [seconds: number, text: string][] = [
    [5, '5s'],
    [119, '119s'],
    [120, '2m'],
    [7200, '2h'],
    [172_800, '2d'],
  ]
  for (const [seconds, text] of rows) assert.equal(ago(new Date(NOW.getTime() - seconds * 1000), NOW), text)
})

test('no colours in a pipe, with NO_COLOR, or at a dumb terminal', () => {
  const write = () => {}
  assert.notEqual(styleFor({ write, isTTY: true }, {}), plain)
  assert.equal(styleFor({ write }, {}), plain)
  assert.equal(styleFor({ write, isTTY: true }, { NO_COLOR: '1' }), plain)
  assert.equal(styleFor({ write, isTTY: true }, { TERM: 'dumb' }), plain)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type FlowEvent, type FlowState, flow, isUnderWay } from './flow.ts'

const options = { challenge: 'AAAA' }
const assertion = {
  id: 'a',
  rawId: 'a',
  type: 'public-key' as const,
  response: { clientDataJSON: '', authenticatorData: '', signature: '' },
}
const primary = { publicKey: new Uint8Array(32), nonce: new Uint8Array(32) }

const STATES = {
  idle: { at: 'idle' },
  options: { at: 'options' },
  assertion: { at: 'assertion', options },
  prologue: { at: 'prologue' },
  continuation: { at: 'continuation' },
  nonce: { at: 'nonce' },
  confirmation: { at: 'confirmation', code: '1234-5678' },
  request: { at: 'request' },
  pairSuccess: { at: 'pairSuccess' },
  paired: { at: 'paired' },
  failed: { at: 'failed', failure: { reason: 'PasskeyRefused', text: '' } },
} as const satisfies { [At in FlowState['at']]: Extract<FlowState, { at: At }> }

const EVENTS = {
  asked: { type: 'asked', options },
  askedBare: { type: 'asked' },
  optionsCame: { type: 'optionsCame', options },
  optionsBare: { type: 'optionsCame' },
  asserted: { type: 'asserted', assertion },
  prologueTaken: { type: 'prologueTaken' },
  continued: { type: 'continued', primary },
  nonceProven: { type: 'nonceTaken', code: '1234-5678', proven: true },
  nonceBare: { type: 'nonceTaken', code: '1234-5678', proven: false },
  confirmed: { type: 'confirmed' },
  requestTaken: { type: 'requestTaken' },
  pairSucceeded: { type: 'pairSucceeded' },
  refused: { type: 'refused', text: 'no' },
  timedOut: { type: 'timedOut' },
} as const satisfies Record<string, FlowEvent>

/** state, event -> where it goes, then its effects or the reason of its failure. Everything else changes nothing. */
const ROWS: [keyof typeof STATES, keyof typeof EVENTS, string][] = [
  ...(['idle', 'options', 'assertion', 'prologue', 'continuation', 'nonce', 'confirmation'] as const).flatMap(
    (at): [keyof typeof STATES, keyof typeof EVENTS, string][] => [
      [at, 'asked', 'assertion begin'],
      [at, 'askedBare', 'options begin askOptions'],
    ],
  ),
  ...(['request', 'pairSuccess', 'failed'] as const).flatMap(
    (at): [keyof typeof STATES, keyof typeof EVENTS, string][] => [
      [at, 'asked', 'assertion begin'],
      [at, 'askedBare', 'options begin askOptions'],
    ],
  ),
  ['options', 'optionsCame', 'assertion'],
  ['options', 'optionsBare', 'failed PasskeyUnreadable'],
  ['assertion', 'asserted', 'prologue sendPrologue'],
  ['prologue', 'prologueTaken', 'continuation'],
  ['prologue', 'continued', 'nonce sendNonce'],
  ['continuation', 'continued', 'nonce sendNonce'],
  ['nonce', 'nonceProven', 'request sendRequest'],
  ['nonce', 'nonceBare', 'confirmation'],
  ['confirmation', 'confirmed', 'request sendRequest'],
  ['request', 'requestTaken', 'pairSuccess'],
  ['assertion', 'timedOut', 'failed PasskeyExpired'],
  ['confirmation', 'timedOut', 'failed PasskeyExpired'],
  ...(['options', 'prologue', 'continuation', 'nonce', 'request', 'pairSuccess'] as const).map(
    (at): [keyof typeof STATES, keyof typeof EVENTS, string] => [at, 'timedOut', 'failed PasskeyUnanswered'],
  ),
  ...(Object.keys(STATES) as (keyof typeof STATES)[])
    .filter((at) => isUnderWay(STATES[at]))
    .flatMap((at): [keyof typeof STATES, keyof typeof EVENTS, string][] => [
      [at, 'refused', 'failed PasskeyRefused'],
      [at, 'pairSucceeded', 'paired'],
    ]),
]

for (const at of Object.keys(STATES) as (keyof typeof STATES)[])
  test(`at ${at}`, () => {
    for (const name of Object.keys(EVENTS) as (keyof typeof EVENTS)[]) {
      const { state, effects } = flow(STATES[at], EVENTS[name])
      const reason = state.at === 'failed' && state !== STATES[at] ? [state.failure.reason] : []
      const got = [state.at, ...reason, ...effects.map((effect) => effect.do)].join(' ')
      const row = ROWS.find(([from, event]) => from === at && event === name)
      assert.equal(got, row?.[2] ?? at, name)
      if (!row) assert.equal(state, STATES[at], `${name} changes nothing`)
    }
  })

test('whatever happens, it ends after its time-outs, and nothing is sent after the end', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.values(EVENTS)), { maxLength: 30 }), (events) => {
      let state: FlowState = STATES.idle
      for (const event of events) {
        const next = flow(state, event)
        if (!isUnderWay(next.state)) assert.deepEqual(next.effects, [])
        state = next.state
      }
      assert.equal(isUnderWay(flow(state, { type: 'timedOut' }).state), false)
    }),
  )
})

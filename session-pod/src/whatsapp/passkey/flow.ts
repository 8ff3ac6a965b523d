/**
 * One linking with a passkey as a pure function: where it is and what happened -> where it is next and what to do. Order of the stanzas as
 * WhatsApp Web has it since mid-2026: request options, assertion with a commitment, the phone's ephemeral key, our nonce, a code to compare
 * where the old secret was no proof, and the keys of this device, sealed for the phone. Then the ordinary `pair-success`.
 */
import type { PasskeyAssertion } from '@warren/contracts'

export type PasskeyOptions = Readonly<Record<string, unknown>> & { readonly challenge: string }

/** The phone's half of the key agreement. */
export type PrimaryIdentity = { readonly publicKey: Uint8Array; readonly nonce: Uint8Array }

export type FlowState =
  | { readonly at: 'idle' }
  /** WhatsApp gave no options; they are asked for. */
  | { readonly at: 'options' }
  | { readonly at: 'assertion'; readonly options: PasskeyOptions }
  | { readonly at: 'prologue' }
  | { readonly at: 'continuation' }
  | { readonly at: 'nonce' }
  | { readonly at: 'confirmation'; readonly code: string }
  | { readonly at: 'request' }
  | { readonly at: 'pairSuccess' }
  | { readonly at: 'paired' }
  | { readonly at: 'failed'; readonly failure: PasskeyFailure }

export type PasskeyFailure = {
  readonly reason: 'PasskeyExpired' | 'PasskeyRefused' | 'PasskeyUnanswered' | 'PasskeyUnreadable'
  readonly text: string
}

export type FlowEvent =
  | { readonly type: 'asked'; readonly options?: PasskeyOptions }
  | { readonly type: 'optionsCame'; readonly options?: PasskeyOptions }
  | { readonly type: 'asserted'; readonly assertion: PasskeyAssertion }
  | { readonly type: 'prologueTaken' }
  | { readonly type: 'continued'; readonly primary: PrimaryIdentity }
  /** @property proven the old secret vouched for us, so that nobody has to compare codes */
  | { readonly type: 'nonceTaken'; readonly code: string; readonly proven: boolean }
  | { readonly type: 'confirmed' }
  | { readonly type: 'requestTaken' }
  | { readonly type: 'pairSucceeded' }
  | { readonly type: 'refused'; readonly text: string }
  /** What the state waits for did not come. */
  | { readonly type: 'timedOut' }

export type FlowEffect =
  /** A new attempt: what an earlier one still waits for is void. */
  | { readonly do: 'begin' }
  | { readonly do: 'askOptions' }
  | { readonly do: 'sendPrologue'; readonly assertion: PasskeyAssertion }
  | { readonly do: 'sendNonce'; readonly primary: PrimaryIdentity }
  | { readonly do: 'sendRequest' }

export type FlowStep = { readonly state: FlowState; readonly effects: readonly FlowEffect[] }

const MINUTE_MS = 60_000
/** The person has this long from WhatsApp's request on; WhatsApp names the same. */
export const DEADLINE_MS = 10 * MINUTE_MS

/** How long each state waits; those that wait for a person have the whole deadline. */
export const WAIT_MS: { readonly [At in FlowState['at']]?: number } = {
  options: 35_000,
  assertion: DEADLINE_MS,
  prologue: 65_000,
  continuation: MINUTE_MS,
  nonce: 35_000,
  confirmation: DEADLINE_MS,
  request: 35_000,
  pairSuccess: MINUTE_MS,
}

const fail = (reason: PasskeyFailure['reason'], text: string): FlowStep => ({
  state: { at: 'failed', failure: { reason, text } },
  effects: [],
})
const go = (state: FlowState, ...effects: FlowEffect[]): FlowStep => ({ state, effects })

/** The next state. What does not fit the present one changes nothing: it is late, or repeated. */
export function flow(state: FlowState, event: FlowEvent): FlowStep {
  switch (event.type) {
    case 'asked':
      if (state.at === 'paired') return go(state)
      return event.options
        ? go({ at: 'assertion', options: event.options }, { do: 'begin' })
        : go({ at: 'options' }, { do: 'begin' }, { do: 'askOptions' })
    case 'optionsCame':
      if (state.at !== 'options') return go(state)
      return event.options
        ? go({ at: 'assertion', options: event.options })
        : fail('PasskeyUnreadable', 'WhatsApp asked for a passkey without a challenge that can be read.')
    case 'asserted':
      if (state.at !== 'assertion') return go(state)
      return go({ at: 'prologue' }, { do: 'sendPrologue', assertion: event.assertion })
    case 'prologueTaken':
      return go(state.at === 'prologue' ? { at: 'continuation' } : state)
    case 'continued':
      // The phone may be faster than the server's answer to the prologue.
      if (state.at !== 'prologue' && state.at !== 'continuation') return go(state)
      return go({ at: 'nonce' }, { do: 'sendNonce', primary: event.primary })
    case 'nonceTaken':
      if (state.at !== 'nonce') return go(state)
      return event.proven
        ? go({ at: 'request' }, { do: 'sendRequest' })
        : go({ at: 'confirmation', code: event.code })
    case 'confirmed':
      return state.at === 'confirmation' ? go({ at: 'request' }, { do: 'sendRequest' }) : go(state)
    case 'requestTaken':
      return go(state.at === 'request' ? { at: 'pairSuccess' } : state)
    case 'pairSucceeded':
      return go(isUnderWay(state) ? { at: 'paired' } : state)
    case 'refused':
      return isUnderWay(state)
        ? fail('PasskeyRefused', `WhatsApp did not accept the passkey: ${event.text}`)
        : go(state)
    case 'timedOut':
      return timedOut(state)
  }
}

function timedOut(state: FlowState): FlowStep {
  if (!isUnderWay(state)) return go(state)
  if (state.at === 'assertion') return fail('PasskeyExpired', 'Nobody used the passkey in time.')
  if (state.at === 'confirmation') return fail('PasskeyExpired', 'Nobody confirmed the code in time.')
  return fail('PasskeyUnanswered', `WhatsApp did not go on with the passkey (at ${state.at}).`)
}

/** Whether a pairing with a passkey goes on: QRs mean nothing meanwhile. */
export const isUnderWay = ({ at }: FlowState): boolean => at !== 'idle' && at !== 'paired' && at !== 'failed'

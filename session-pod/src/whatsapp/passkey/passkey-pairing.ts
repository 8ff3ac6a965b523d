/** The shell around the flow: has stanzas sent, keeps the deadlines, tells what a person has to do. One for each connection. */
import { randomBytes } from 'node:crypto'
import { type PasskeyAssertion, type PasskeyStep, WarrenError } from '@warren/contracts'
import type { Clock, Timer } from '@warren/runtime/clock'
import type { Logger } from '@warren/runtime/logger'
import { type AuthenticationCreds, type BinaryNode, getBinaryNodeChild } from '../baileys.ts'
import { endingOf } from '../ending.ts'
import { renewSecret } from '../pairing.ts'
import { assertionJson, bytesOf, checkAssertion, readOptions } from './assertion.ts'
import {
  DEADLINE_MS,
  type FlowEffect,
  type FlowEvent,
  type FlowState,
  flow,
  isUnderWay,
  type PasskeyFailure,
  type PrimaryIdentity,
  WAIT_MS,
} from './flow.ts'
import {
  agree,
  type Companion,
  createCompanion,
  handoffKey,
  handoffProof,
  readPrimaryIdentity,
  sealPairingRequest,
} from './secrets.ts'

export type PasskeyPairing = {
  readonly listeners: Readonly<Record<string, (stanza: BinaryNode) => void>>
  /** Whether WhatsApp waits for a passkey, or for what follows it. */
  underWay(): boolean
  /**
   * Hands the person's assertion to WhatsApp; resolves when it was taken.
   * @throws WarrenError `passkey_not_asked`, `passkey_invalid` (try again), `passkey_refused`, `passkey_expired`, `pairing_unavailable`
   */
  assert(id: string, assertion: PasskeyAssertion): Promise<PasskeyStep>
  /** The person saw the same code on the phone. @throws WarrenError as `assert` */
  confirm(id: string): Promise<PasskeyStep>
  /** A phone has linked this device. */
  paired(): void
  /** The connection is gone. */
  stop(): void
}

export type PasskeyPairingOptions = {
  readonly creds: AuthenticationCreds
  /** Sends an iq; resolves with the answer, undefined when there was none in time; rejects with WhatsApp's error. */
  readonly query: (iq: BinaryNode) => Promise<BinaryNode | undefined>
  /** `whenStale`: the secret of a QR that was just scanned vouches for this device, and nobody compares codes. */
  readonly confirm: 'whenStale' | 'always'
  readonly clock: Clock
  readonly logger: Logger
  /** WhatsApp has asked: no QR is of use any more. */
  readonly onBegin: () => void
  readonly onStep: (step: PasskeyStep) => void
  readonly onFailure: (failure: PasskeyFailure) => void
}

/** WhatsApp believes the old secret for this long. */
const HANDOFF_MS = 5 * 60_000

/** What one attempt has gathered. */
type Attempt = {
  readonly id: string
  readonly expiresAt: Date
  readonly endsAtMs: number
  readonly handoff: Uint8Array
  readonly handoffUntilMs: number
  companion?: Companion
  proven?: boolean
  key?: Uint8Array
}

export function createPasskeyPairing(options: PasskeyPairingOptions): PasskeyPairing {
  const { creds, clock, logger } = options
  let state: FlowState = { at: 'idle' }
  let attempt: Attempt | undefined
  let timer: Timer | undefined
  const waiting = new Set<() => void>()

  function dispatch(event: FlowEvent): void {
    const before = state
    const next = flow(state, event)
    state = next.state
    for (const effect of next.effects) perform(effect)
    if (state !== before) changed()
    for (const look of waiting) look()
  }

  function perform(effect: FlowEffect): void {
    if (effect.do === 'begin') {
      begin()
      return
    }
    const mine = attempt
    if (!mine) return
    // Whatever comes back after another attempt has begun, or this one ended, is void.
    const ifMine = (event: FlowEvent) => {
      if (attempt === mine) dispatch(event)
    }
    act(effect, mine).then(ifMine, (error: unknown) => {
      logger.warn('a step of the passkey failed', { step: effect.do, error })
      ifMine(
        error instanceof NoAnswer ? { type: 'timedOut' } : { type: 'refused', text: endingOf(error).text },
      )
    })
  }

  function begin(): void {
    const nowMs = clock.monotonicMs()
    attempt = {
      id: randomBytes(9).toString('base64url'),
      expiresAt: new Date(clock.now().getTime() + DEADLINE_MS),
      endsAtMs: nowMs + DEADLINE_MS,
      handoff: handoffKey(creds.advSecretKey),
      handoffUntilMs: nowMs + HANDOFF_MS,
    }
    options.onBegin()
    // The link is made with a secret that no QR has shown.
    renewSecret(creds)
  }

  /** A new state has its own time, and a person may have something to do. */
  function changed(): void {
    timer?.stop()
    if (!attempt) return
    if (state.at === 'failed') {
      attempt = undefined
      options.onFailure(state.failure)
      return
    }
    const waitMs = WAIT_MS[state.at]
    if (waitMs === undefined) return
    const leftMs = Math.max(0, attempt.endsAtMs - clock.monotonicMs())
    timer = clock.setTimer(Math.min(waitMs, leftMs), () => dispatch({ type: 'timedOut' }))
    const step = stepOf(state, attempt)
    if (step) options.onStep(step)
  }

  function act(effect: Exclude<FlowEffect, { do: 'begin' }>, mine: Attempt): Promise<FlowEvent> {
    switch (effect.do) {
      case 'askOptions':
        return askOptions()
      case 'sendPrologue':
        return sendPrologue(mine, effect.assertion)
      case 'sendNonce':
        return sendNonce(mine, effect.primary)
      case 'sendRequest':
        return sendRequest(mine)
    }
  }

  async function ask(type: 'get' | 'set', content: BinaryNode): Promise<BinaryNode> {
    const iq = { tag: 'iq', attrs: { to: '@s.whatsapp.net', type, xmlns: 'md' }, content: [content] }
    const answer = await options.query(iq)
    if (!answer) throw new NoAnswer(`no answer to ${content.tag}`)
    return answer
  }

  async function askOptions(): Promise<FlowEvent> {
    const read = readOptions(
      bytesIn(await ask('get', node('passkey_request_options')), 'passkey_request_options'),
    )
    return { type: 'optionsCame', ...(read ? { options: read } : {}) }
  }

  async function sendPrologue(mine: Attempt, assertion: PasskeyAssertion): Promise<FlowEvent> {
    const ref = bytesIn(await ask('get', node('ref')), 'ref')
    if (!ref?.length) throw new Error('WhatsApp gave no reference')
    mine.companion = createCompanion(Buffer.from(ref).toString('utf8'))
    const { prologue } = mine.companion
    mine.proven = options.confirm === 'whenStale' && clock.monotonicMs() < mine.handoffUntilMs
    const children = [
      node('credential_id', bytesOf(assertion.rawId)),
      node('webauthn_assertion', assertionJson(assertion)),
      node('prologue_payload', prologue),
    ]
    if (mine.proven) children.push(node('pairing_handoff_proof', handoffProof(mine.handoff, prologue)))
    await ask('set', node('passkey_prologue', children))
    return { type: 'prologueTaken' }
  }

  async function sendNonce(mine: Attempt, primary: PrimaryIdentity): Promise<FlowEvent> {
    if (!mine.companion) throw new Error('WhatsApp went on before the prologue was sent')
    const { key, code } = agree(mine.companion, primary)
    mine.key = key
    await ask('set', node('companion_nonce', mine.companion.nonce))
    return { type: 'nonceTaken', code, proven: mine.proven === true }
  }

  async function sendRequest(mine: Attempt): Promise<FlowEvent> {
    if (!mine.key) throw new Error('there is no key for the pairing request')
    await ask('set', node('encrypted_pairing_request', sealPairingRequest(mine.key, creds)))
    return { type: 'requestTaken' }
  }

  /** The present attempt, if it is the named one and waits at this place. */
  function expectAt(id: string, at: 'assertion' | 'confirmation'): Attempt {
    if (state.at === 'failed') throw errorOf(state.failure)
    if (!attempt || attempt.id !== id || state.at !== at) throw new WarrenError('passkey_not_asked')
    return attempt
  }

  /** Resolves when the flow has left a state. */
  function left(at: FlowState['at'], mine: Attempt): Promise<PasskeyStep> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (state.at === at && attempt === mine) return
        waiting.delete(look)
        if (state.at === 'failed') return reject(errorOf(state.failure))
        const step = attempt === mine ? stepOf(state, mine) : undefined
        if (step) resolve(step)
        else reject(new WarrenError('pairing_unavailable', 'The attempt has ended; pair again.'))
      }
      waiting.add(look)
      look()
    })
  }

  return {
    listeners: {
      'CB:notification,type:passkey_prologue_request': (stanza) => {
        const read = readOptions(bytesIn(stanza, 'passkey_request_options'))
        dispatch({ type: 'asked', ...(read ? { options: read } : {}) })
      },
      'CB:notification,type:crsc_continuation': (stanza) => {
        const primary = readPrimaryIdentity(bytesIn(stanza, 'primary_ephemeral_identity') ?? new Uint8Array())
        if (primary) dispatch({ type: 'continued', primary })
        else dispatch({ type: 'refused', text: 'it went on with a key that cannot be read' })
      },
    },
    underWay: () => isUnderWay(state),
    async assert(id, assertion) {
      const mine = expectAt(id, 'assertion')
      if (state.at === 'assertion') checkAssertion(state.options, assertion)
      dispatch({ type: 'asserted', assertion })
      return left('prologue', mine)
    },
    async confirm(id) {
      const mine = expectAt(id, 'confirmation')
      dispatch({ type: 'confirmed' })
      return left('request', mine)
    },
    paired: () => dispatch({ type: 'pairSucceeded' }),
    stop() {
      timer?.stop()
      attempt = undefined
      if (isUnderWay(state)) state = { at: 'idle' }
      for (const look of waiting) look()
    },
  }
}

class NoAnswer extends Error {}

const STAGES: { readonly [At in FlowState['at']]?: PasskeyStep['stage'] } = {
  assertion: 'assertion',
  prologue: 'phone',
  continuation: 'phone',
  nonce: 'phone',
  confirmation: 'confirmation',
  request: 'link',
  pairSuccess: 'link',
  paired: 'link',
}

function stepOf(state: FlowState, { id, expiresAt }: Attempt): PasskeyStep | undefined {
  const stage = STAGES[state.at]
  if (!stage) return undefined
  return {
    id,
    stage,
    ...(state.at === 'assertion' ? { options: state.options } : {}),
    ...(state.at === 'confirmation' ? { confirmationCode: state.code } : {}),
    expiresAt,
  }
}

function errorOf({ reason, text }: PasskeyFailure): WarrenError {
  return new WarrenError(reason === 'PasskeyExpired' ? 'passkey_expired' : 'passkey_refused', text)
}

const node = (tag: string, content?: BinaryNode['content']): BinaryNode => ({
  tag,
  attrs: {},
  ...(content === undefined ? {} : { content }),
})

function bytesIn(stanza: BinaryNode, tag: string): Uint8Array | undefined {
  const content = getBinaryNodeChild(stanza, tag)?.content
  if (typeof content === 'string') return Buffer.from(content)
  return content instanceof Uint8Array ? content : undefined
}

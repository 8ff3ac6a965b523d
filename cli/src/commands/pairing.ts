/** Links a phone from the terminal: shows what the phone needs, anew whenever WhatsApp replaces it, until it is linked or given up. */
import { isWarrenError, type PasskeyStage } from '@warren/contracts'
import type { PairingRequest, PairingView, SessionAccess } from '../access/port.ts'
import { durationMs } from '../args/duration.ts'
import type { Call, Flags } from '../command.ts'
import { CliError, EXIT, type ExitCode } from '../errors.ts'
import { awaySentence, follow } from '../follow.ts'
import { printable } from '../render/printable.ts'

export const PAIRING_FLAGS = {
  'no-wait': { type: 'boolean', description: 'Print it once and end.' },
  timeout: { type: 'string', value: 'TIME', default: '5m', description: 'How long to wait for the phone.' },
  output: {
    type: 'string',
    short: 'o',
    value: 'FORMAT',
    choices: ['json'],
    description: 'One line of JSON each.',
  },
} as const satisfies Flags

/** Phases in which nothing more is shown until a person asks again. */
const GIVEN_UP = ['parked', 'loggedOut', 'banned', 'stopped']

/** What the person sees of the step that WhatsApp asks some accounts for. */
const PASSKEY_NOTES: { readonly [S in PasskeyStage]: string } = {
  assertion:
    'WhatsApp asks for the passkey of the account. Send its owner a link to do so: docs/guides/passkey.md says how.',
  phone: 'The passkey was used; WhatsApp and the phone go on.',
  confirmation: 'Compare the code on the phone and confirm it: docs/guides/passkey.md says how.',
  link: 'The passkey was accepted.',
}

/** @param show draws a QR or code that was not shown before */
export async function pairInTerminal(
  call: Call,
  request: PairingRequest,
  show: (pairing: PairingView) => Promise<void> | void,
): Promise<ExitCode> {
  const { io, note, wa } = call
  const name = call.operand('NAME')
  const access = await call.open()
  const late = new AbortController()
  const limit = io.clock.setTimer(durationMs('timeout', call.text('timeout') ?? ''), () => late.abort())
  const signal = AbortSignal.any([io.signal, late.signal])
  try {
    return await pair(access, name, request, { call, show, signal })
  } catch (error) {
    if (late.signal.aborted && !io.signal.aborted)
      throw new CliError(EXIT.notPaired, `No phone was linked to ${name} in ${call.text('timeout')}.`, {
        hint: `${wa} status ${name}${call.here}`,
      })
    if (!isWarrenError(error, 'already_paired')) throw error
    note(`${name} is linked already.`)
    return EXIT.ok
  } finally {
    limit.stop()
    late.abort()
  }
}

async function pair(
  access: SessionAccess,
  name: string,
  request: PairingRequest,
  given: { call: Call; show: (pairing: PairingView) => Promise<void> | void; signal: AbortSignal },
): Promise<ExitCode> {
  const { call, signal } = given
  let shown: string | undefined
  let linked: string | undefined
  let waiting = false
  const onAway = (reason: Error) => {
    if (!waiting) call.note(`${awaySentence(reason)} Waiting …`)
    waiting = true
  }

  let asked: PasskeyStage | undefined
  function tellPasskey(stage: PasskeyStage): void {
    if (stage !== asked) call.note(PASSKEY_NOTES[stage])
    asked = stage
  }

  async function showOnce(pairing: PairingView): Promise<void> {
    if (pairing.passkey) tellPasskey(pairing.passkey.stage)
    const text = pairing.qr ?? pairing.code
    if (text === undefined || text === shown) return
    shown = text
    await (call.text('output') === 'json' ? call.print(JSON.stringify(pairing)) : given.show(pairing))
  }

  /** A stream that was opened again may have missed a QR, or the link itself. Asking twice begins nothing twice. */
  async function ask(): Promise<boolean> {
    try {
      await showOnce(await access.startPairing(name, request))
      return true
    } catch (error) {
      if (linked && isWarrenError(error, 'already_paired')) return true
      if (isWarrenError(error) && !error.retryable) throw error
      onAway(error as Error)
      return false
    }
  }

  for await (const one of follow(access, name, { signal, clock: call.io.clock, onAway })) {
    if (one === 'open') {
      while (!(await ask())) await call.io.clock.sleep(1_000, signal)
      waiting = false
      if (call.is('no-wait')) return EXIT.ok
      continue
    }
    const { event } = one
    if (event.type === 'pairing.qr' && request.method === 'qr')
      await showOnce({ ...event.data, method: 'qr' })
    if (event.type === 'pairing.code' && request.method === 'code')
      await showOnce({ ...event.data, method: 'code', attempt: 1, maxAttempts: 1 })
    if (event.type === 'pairing.passkey') tellPasskey(event.data.passkey.stage)
    if (event.type === 'session.paired') {
      linked = event.data.account.phone
      call.note(`Linked to +${linked}; connecting …`)
    }
    if (event.type !== 'session.status') continue
    const { phase, account, message } = event.data
    if (phase === 'connected') {
      call.note(`${name} is connected${account ? ` as +${account.phone}` : ''}.`)
      return EXIT.ok
    }
    if (shown !== undefined && GIVEN_UP.includes(phase))
      throw new CliError(EXIT.notPaired, printable(message ?? `The session is ${phase}.`), {
        hint: `Once more: ${call.wa} ${request.method === 'qr' ? 'qr' : 'pair'} ${name}${call.here}`,
      })
  }
  return EXIT.failed
}

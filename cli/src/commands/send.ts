import { randomUUID } from 'node:crypto'
import { type EventEnvelope, isWarrenError, MESSAGE_STATUSES, type MessageStatus } from '@warren/contracts'
import type { SessionAccess } from '../access/port.ts'
import { durationMs } from '../args/duration.ts'
import type { Call, Command } from '../command.ts'
import { NAME } from '../command.ts'
import { CliError, EXIT, type ExitCode, usageError } from '../errors.ts'
import { awaySentence, follow } from '../follow.ts'

const WAITS = ['queued', 'sent', 'delivered', 'read']
/** A repeated request carries the same key, so it cannot send twice. */
const ATTEMPTS = 3
const TICKS: Partial<Record<MessageStatus, string>> = { sent: '✓', delivered: '✓✓', read: '✓✓', failed: '✖' }

export const send: Command = {
  name: 'send',
  operands: [NAME, { name: 'TO' }, { name: 'TEXT' }],
  flags: {
    wait: {
      type: 'string',
      value: 'STATE',
      choices: WAITS,
      default: 'sent',
      description: 'How far the message must have come: `queued` cannot be lost, `sent` is with WhatsApp.',
    },
    timeout: { type: 'string', value: 'TIME', default: '30s', description: 'How long to wait for that.' },
    output: {
      type: 'string',
      short: 'o',
      value: 'FORMAT',
      choices: ['json'],
      description: 'Id and state as JSON.',
    },
  },
  reaches: true,
  summary: 'Send a text, and wait for WhatsApp to have it',
  description:
    'TO is an international number, or the JID of a person or group; TEXT may be - for what comes on stdin. Prints the id of the message; its states go to stderr. Ends with 6 when WhatsApp refused it, with 7 when the state was not reached in time: the message is kept and will be sent.',
  examples: [
    '{wa} send alice +491707654321 "Hello"',
    '{wa} send alice 491707654321 "Hello" --wait delivered',
    'id=$(echo Hello | {wa} send alice 491707654321 -)',
  ],
  async run(call) {
    const { io } = call
    const limitMs = durationMs('timeout', call.text('timeout') ?? '')
    const text = call.operand('TEXT') === '-' ? await readAll(io.stdin) : call.operand('TEXT')
    if (text === '') throw usageError('There is no text to send.')
    const access = await call.open()
    const late = new AbortController()
    const limit = io.clock.setTimer(limitMs, () => late.abort())
    const signal = AbortSignal.any([io.signal, late.signal])
    try {
      return await sendAndWait(call, access, text, signal, late.signal)
    } finally {
      limit.stop()
      late.abort()
    }
  },
}

async function sendAndWait(
  call: Call,
  access: SessionAccess,
  text: string,
  signal: AbortSignal,
  late: AbortSignal,
): Promise<ExitCode> {
  const name = call.operand('NAME')
  const wanted = call.text('wait') as MessageStatus
  const message = { to: call.operand('TO'), text }
  if (wanted === 'queued') {
    const { id } = await sendOnce(call, access, name, message)
    return finish(call, { id, status: 'queued' })
  }

  let id: string | undefined
  let status: MessageStatus = 'queued'
  let away: Error | undefined
  const onAway = (reason: Error) => {
    away = reason
  }
  try {
    // The stream first: what happens to the message between the two must not be missed.
    for await (const one of follow(access, name, { signal, clock: call.io.clock, onAway })) {
      if (one === 'open' && id === undefined) {
        ;({ id } = await sendOnce(call, access, name, message))
        if (call.text('output') !== 'json') call.print(id)
      }
      const change = one === 'open' ? undefined : statusOf(one.event, id)
      if (!change) continue
      status = change.status
      call.note(`${call.style('dim', TICKS[status] ?? '…')} ${status}`)
      if (status === 'failed') {
        finishJson(call, { id, status, error: change.error })
        throw new CliError(EXIT.messageFailed, change.error?.message ?? 'WhatsApp refused the message.')
      }
      if (MESSAGE_STATUSES.indexOf(status) >= MESSAGE_STATUSES.indexOf(wanted)) break
    }
  } catch (error) {
    if (!late.aborted || call.io.signal.aborted) throw error
    if (id === undefined)
      throw new CliError(EXIT.timeout, away ? awaySentence(away) : 'The session does not answer.', {
        hint: `Nothing was sent. ${call.wa} status ${name}${call.here}`,
      })
    finishJson(call, { id, status })
    throw new CliError(
      EXIT.timeout,
      `The message is ${status}, and not ${wanted} after ${call.text('timeout')}.`,
      {
        hint: 'It is kept and goes its way; nothing needs to be sent again.',
      },
    )
  }
  finishJson(call, { id, status })
  return EXIT.ok
}

async function sendOnce(
  call: Call,
  access: SessionAccess,
  name: string,
  message: { to: string; text: string },
): Promise<{ id: string }> {
  const key = randomUUID()
  for (let attempt = 1; ; attempt++) {
    try {
      return await access.send(name, message, key)
    } catch (error) {
      if (attempt === ATTEMPTS || (isWarrenError(error) && !error.retryable)) throw error
      await call.io.clock.sleep(attempt * 1_000, call.io.signal)
    }
  }
}

function statusOf(event: EventEnvelope, id: string | undefined) {
  return event.type === 'message.status' && event.data.id === id ? event.data : undefined
}

function finish(call: Call, result: { id: string; status: MessageStatus }): ExitCode {
  if (call.text('output') === 'json') finishJson(call, result)
  else call.print(result.id)
  return EXIT.ok
}

function finishJson(call: Call, result: object): void {
  if (call.text('output') === 'json') call.print(JSON.stringify(result))
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString().replace(/\n$/, '')
}

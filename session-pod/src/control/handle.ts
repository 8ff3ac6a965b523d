/** The requests of the control listener. JSON in and out, errors as problem documents of the same codes as REST. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { COMMANDS, ERRORS, isWarrenError, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import { streamEvents } from './events.ts'
import { readJson } from './read-json.ts'
import type { ControlTarget } from './target.ts'
import { textToSend } from './text-to-send.ts'

export type ControlContext = { readonly target: () => ControlTarget | undefined; readonly clock: Clock }

/** A session leaves and arrives over REST alone: the right to forward a port is not the right to the credentials. */
const NOT_HERE: ReadonlySet<string> = new Set(['session.box', 'session.export', 'session.import'])

/** Answers one request; never rejects. */
export async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  context: ControlContext,
): Promise<void> {
  try {
    refuseBrowsers(request)
    await route(request, response, context)
  } catch (thrown) {
    sendProblem(
      response,
      isWarrenError(thrown) ? thrown : new WarrenError('internal', undefined, { cause: thrown }),
    )
  }
}

async function route(request: IncomingMessage, response: ServerResponse, { target, clock }: ControlContext) {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  const session = target()
  if (!session) throw new WarrenError('session_unavailable', 'The process does not hold the session yet.')
  const { instance, organization, epoch } = session

  if (path === '/status') {
    allow(request, 'GET')
    return sendJson(response, 200, { instance, organization, epoch, status: session.status() })
  }
  if (path === '/pairing') {
    allow(request, 'GET')
    const { pairing, phase, message } = session.status()
    if (!pairing) throw new WarrenError('pairing_unavailable', message ?? `The session is ${phase}.`)
    return sendJson(response, 200, pairing)
  }
  if (path === '/events') {
    allow(request, 'GET')
    return streamEvents(response, session, clock)
  }
  if (path === '/messages') {
    allow(request, 'POST')
    const key = request.headers['idempotency-key']
    const accepted = await session.send(
      textToSend(await readJson(request)),
      key === undefined ? key : String(key),
    )
    return sendJson(response, 202, { ...accepted, status: 'queued' })
  }
  const command = /^\/commands\/([\w.]+)$/.exec(path)?.[1]
  if (command !== undefined && Object.hasOwn(COMMANDS, command) && !NOT_HERE.has(command)) {
    allow(request, 'POST')
    return sendJson(response, 200, await session.run({ command, request: await readJson(request) }))
  }
  throw new WarrenError('not_found')
}

/**
 * A web page that was opened beside a forwarded port must not command the session: it may resolve a name of its own to 127.0.0.1 (the Host
 * header tells), or post to 127.0.0.1 itself (the browser adds Origin or Sec-Fetch-Site).
 */
function refuseBrowsers({ headers }: IncomingMessage): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host))
    throw new WarrenError('forbidden', 'The control listener answers to loopback host names only.')
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
    throw new WarrenError('forbidden', 'The control listener does not answer web pages.')
}

function allow({ method }: IncomingMessage, allowed: 'GET' | 'POST'): void {
  if (method !== allowed) throw new WarrenError('method_not_allowed', `Only ${allowed} is known here.`)
}

function sendJson(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  const text = JSON.stringify(body)
  // A QR links the account: no cache keeps it.
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  }
  response.writeHead(status, headers).end(text)
}

function sendProblem(response: ServerResponse, error: WarrenError): void {
  if (response.headersSent) return void response.destroy()
  const { code, status, message, details } = error
  const { title } = ERRORS[code]
  const problem = {
    type: `https://warren.dev/errors/${code}`,
    ...{ title, status, code },
    ...(message === title ? {} : { detail: message }),
    ...(details.fields ? { errors: details.fields } : {}),
    ...(details.whatsappCode === undefined ? {} : { whatsappCode: details.whatsappCode }),
  }
  // What is left of a refused body is not read: the connection ends with the answer.
  if (status === 413) response.shouldKeepAlive = false
  sendJson(response, status, problem, 'application/problem+json')
}

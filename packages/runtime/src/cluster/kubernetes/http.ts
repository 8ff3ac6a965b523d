/** HTTP to the API server: kept connections, a deadline for every call, and the pauses that the server asks for. */
import { type Agent, type IncomingMessage, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { createSecureContext } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../clock/index.ts'
import type { Access, Credentials } from './credentials.ts'
import { errorOf, type Status, unreachable } from './errors.ts'

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  /** `application/json` unless told. */
  readonly contentType?: string
  readonly signal?: AbortSignal
}

export type Http = {
  /**
   * The decoded answer.
   * @throws WarrenError with the server's word as its cause; `dependency_unavailable` when there is none in time
   */
  call<T>(request: HttpRequest): Promise<T>
  /** The answer as a stream that stays open; ends when the signal is aborted. Only the first byte has a deadline. */
  open(request: HttpRequest & { readonly signal: AbortSignal }): Promise<IncomingMessage>
  /** Closes the connections. */
  stop(): void
}

export type HttpDeps = {
  readonly credentials: Credentials
  readonly clock: Clock
  readonly userAgent: string
  /** Called for each answer; `code` is `<error>` when there was none, as in client-go's metrics. */
  readonly onAnswer?: (method: string, code: string, seconds: number) => void
}

const DEADLINE_MS = 30_000
/** How often a call that the server puts off is tried. */
const ATTEMPTS = 5
const LONGEST_PAUSE_MS = 10_000
/** The server closes idle connections after some minutes; a connection that it is about to close is not to be used. */
const IDLE_MS = 30_000
const MAX_SOCKETS = 128

export function createHttp({ credentials, clock, userAgent, onAnswer }: HttpDeps): Http {
  let pool: { readonly tls: Access['tls']; readonly agent: TlsAgent } | undefined

  function agentOf(access: Access): Agent | undefined {
    if (access.agent) return access.agent
    if (access.server.protocol === 'http:') return undefined
    // Connections made with other certificates must not be used; in use, they end by themselves.
    if (!pool || !isDeepStrictEqual(pool.tls, access.tls))
      pool = { tls: access.tls, agent: poolOf(access.tls) }
    return pool.agent
  }

  /** Resolves with the head of the answer. */
  async function exchange(request: HttpRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const access = await credentials.current()
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body))
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const send = access.server.protocol === 'http:' ? plainRequest : tlsRequest
    const outgoing = send(urlOf(access.server, request), {
      method: request.method,
      agent: agentOf(access),
      signal,
      headers: {
        ...access.headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body
          ? { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }
          : {}),
      },
    })
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
    outgoing.end(body)
    return promise
  }

  /** One attempt: the head, and what `read` makes of it, within the deadline. */
  async function attempt<T>(
    request: HttpRequest,
    abort: AbortController,
    read: (response: IncomingMessage) => Promise<T>,
  ): Promise<{ response: IncomingMessage; content: T }> {
    const startedMs = clock.monotonicMs()
    const timer = clock.setTimer(DEADLINE_MS, () =>
      abort.abort(new Error(`no answer within ${DEADLINE_MS} ms`)),
    )
    let code = '<error>'
    try {
      const response = await exchange(request, abort.signal)
      code = String(response.statusCode)
      return { response, content: await read(response) }
    } catch (error) {
      throw unreachable(abort.signal.aborted ? abort.signal.reason : error)
    } finally {
      timer.stop()
      onAnswer?.(request.method, code, (clock.monotonicMs() - startedMs) / 1_000)
    }
  }

  /** Repeats what the server puts off or whose credentials it does not know any more. */
  async function answered<T>(
    request: HttpRequest,
    read: (response: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    for (let count = 1; ; count++) {
      const abort = new AbortController()
      const onAbort = () => abort.abort(request.signal?.reason)
      if (request.signal?.aborted) onAbort()
      request.signal?.addEventListener('abort', onAbort)
      const done = () => request.signal?.removeEventListener('abort', onAbort)
      let kept = false
      try {
        const { response, content } = await attempt(request, abort, async (head) =>
          isSuccess(head) ? { ok: await read(head) } : { refusal: await textOf(head) },
        )
        if ('ok' in content) {
          // A stream that is still open goes on to be ended by the caller's signal.
          kept = !response.complete
          if (kept) response.once('close', done)
          return content.ok
        }
        const status = statusOf(content.refusal)
        const code = response.statusCode ?? 0
        if (code === 401) credentials.rejected()
        const pauseMs = code === 401 && count === 1 ? 0 : pauseOf(response)
        if (pauseMs === undefined || count >= ATTEMPTS) throw errorOf(code, status)
        await clock.sleep(pauseMs, abort.signal)
      } finally {
        if (!kept) done()
      }
    }
  }

  return {
    call: (request) => answered(request, async (response) => JSON.parse(await textOf(response))),
    open: (request) => answered(request, async (response) => response),
    stop: () => pool?.agent.destroy(),
  }
}

/** Certificates are parsed once, not for each connection. */
function poolOf({ servername, rejectUnauthorized, ...material }: Access['tls']): TlsAgent {
  return new TlsAgent({
    secureContext: createSecureContext(material),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    timeout: IDLE_MS,
  })
}

function urlOf(server: URL, { path, query = {} }: HttpRequest): URL {
  // The server may live below a path (Rancher does that).
  const url = new URL(server.pathname.replace(/\/$/, '') + path, server)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage) => statusCode >= 200 && statusCode < 300

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** A proxy in between may answer with something else. */
function statusOf(text: string): Status {
  try {
    const parsed = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return text ? { message: text.slice(0, 500) } : {}
  }
}

/** Only with `Retry-After` has the server promised that it did nothing. */
function pauseOf({ statusCode, headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'])
  if ((statusCode !== 429 && statusCode !== 503) || !Number.isFinite(seconds)) return undefined
  return Math.min(seconds * 1_000, LONGEST_PAUSE_MS)
}

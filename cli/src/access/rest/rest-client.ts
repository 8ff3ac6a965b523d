/** Requests to Warren's REST API. */
import { WarrenError } from '@warren/contracts'
import { problemError } from '../problem.ts'

export type RestClient = {
  /** @throws WarrenError of the problem document; `dependency_unavailable` when nobody answers */
  call<T>(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<T>
  /** Resolves when the answer began. */
  stream(
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>
}

/** A pairing may take WhatsApp 25 s. */
const ANSWER_MS = 40_000

/** @param token undefined for the requests of a sign-in */
export function createRestClient(server: string, token: string | undefined): RestClient {
  const base = `${server.replace(/\/+$/, '')}/api/v1`

  async function open(
    path: string,
    init: RequestInit & { headers: Record<string, string> },
  ): Promise<Response> {
    const headers = {
      ...init.headers,
      'user-agent': 'warren-cli',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    // A redirect would carry the token to another place.
    const answer = fetch(base + path, { ...init, headers, redirect: 'error' })
    const response = await answer.catch((cause: Error) => {
      if (init.signal?.aborted && (init.signal.reason as Error)?.name !== 'TimeoutError')
        throw init.signal.reason
      const why = cause.cause instanceof Error ? cause.cause.message || cause.cause.name : cause.message
      throw new WarrenError('dependency_unavailable', `${server} does not answer: ${why}`, { cause })
    })
    if (!response.ok) throw problemError(response.status, await response.text())
    return response
  }

  return {
    async call(method, path, body, headers = {}) {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
      const response = await open(path, {
        method,
        headers: { ...type, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      })
      const text = await response.text()
      try {
        return text === '' ? undefined : JSON.parse(text)
      } catch (cause) {
        throw new WarrenError('internal', `${server} does not speak Warren's API: its answer is not JSON.`, {
          cause,
        })
      }
    },
    async stream(path, headers, signal) {
      return bytesOf(await open(path, { headers: { ...headers, accept: 'text/event-stream' }, signal }))
    },
  }
}

/** Holds the response until its body is read: `fetch` cancels the body of a response that was garbage-collected before that. */
async function* bytesOf(response: Response): AsyncGenerator<Uint8Array> {
  for await (const chunk of response.body ?? []) yield chunk
}

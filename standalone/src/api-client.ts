import type { EventEnvelope } from '@warren/contracts'
import type { Owner } from './boot/owner.ts'

/** A refusal of the API, with its code. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The demonstration uses the API as anybody would: over HTTP, with a token. */
export type ApiClient = {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: object): Promise<T>
  /** Everything that happens from now on, until the signal is aborted. Resolves when the stream is open. */
  events(signal: AbortSignal, onEvent: (event: EventEnvelope) => void): Promise<void>
}

/** Signs in. */
export async function connectApi(url: string, { email, password }: Owner): Promise<ApiClient> {
  const base = `${url}/api/v1`
  let authorization: string | undefined

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(authorization ? { authorization } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const answer = (await response.json()) as T & { code?: string; detail?: string; title?: string }
    if (!response.ok)
      throw new ApiError(answer.code ?? String(response.status), answer.detail ?? answer.title ?? path)
    return answer
  }

  const { accessToken } = await call<{ accessToken: string }>('POST', '/auth/login', { email, password })
  authorization = `Bearer ${accessToken}`

  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    async events(signal, onEvent) {
      const headers = { authorization: authorization ?? '', accept: 'text/event-stream' }
      const response = await fetch(`${base}/events`, { headers, signal })
      if (!response.ok || !response.body)
        throw new ApiError(String(response.status), 'the events cannot be read')
      void readEvents(response.body, onEvent).catch(() => {})
    },
  }
}

/** Server-sent events: blocks of lines, of which `data:` holds the envelope. */
async function readEvents(
  body: AsyncIterable<Uint8Array>,
  onEvent: (event: EventEnvelope) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data:'))
      if (data.length > 0) onEvent(JSON.parse(data.map((line) => line.slice(5)).join('\n')))
    }
  }
}

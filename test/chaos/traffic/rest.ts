/** A client of the REST API that does what a careful client does: one idempotency key a send, and again until it is answered. */
import { setTimeout as delay } from 'node:timers/promises'

export type Rest = {
  readonly token: string
  /** Accepted: resolves with the message's id, however often it had to be asked for. Rejects for a refusal, and when it was stopped. */
  send(instance: string, key: string, body: object): Promise<string>
  get<T>(path: string): Promise<T>
  /** Uploads a PNG; resolves with its id. */
  upload(png: Uint8Array): Promise<string>
  /** Requests that had to be repeated. */
  repeated(): number
  stop(): void
}

const ANSWER_MS = 8_000
const AGAIN_MS = 150

export async function signIn(url: string, owner: { email: string; password: string }): Promise<Rest> {
  const stopping = new AbortController()
  let token = ''
  let repeated = 0

  async function attempt(method: string, path: string, more: RequestInit): Promise<Response | undefined> {
    try {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        ...more,
        headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...more.headers },
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(ANSWER_MS)]),
      })
      // The body belongs to the answer: it may be cut off as well.
      const text = await response.text()
      const again = response.status >= 500 || response.status === 429 || /request_in_progress/.test(text)
      if (again) return undefined
      return new Response(response.status === 204 ? null : text, { status: response.status })
    } catch {
      return undefined
    }
  }

  async function request<T>(method: string, path: string, more: RequestInit = {}): Promise<T> {
    for (;;) {
      stopping.signal.throwIfAborted()
      const response = await attempt(method, path, more)
      if (!response) {
        repeated += 1
        await delay(AGAIN_MS)
      } else if (response.ok) return (await response.json()) as T
      else throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    }
  }

  const json = (body: object, headers: Record<string, string> = {}): RequestInit => ({
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
  const { email, password } = owner
  ;({ accessToken: token } = await request<{ accessToken: string }>(
    'POST',
    '/auth/login',
    json({ email, password }),
  ))

  return {
    token,
    repeated: () => repeated,
    stop: () => stopping.abort(new Error('the run is over')),
    async send(instance, key, body) {
      const headers = { 'idempotency-key': key }
      return (await request<{ id: string }>('POST', `/instances/${instance}/messages`, json(body, headers)))
        .id
    },
    get: (path) => request('GET', path),
    async upload(png) {
      const body = new FormData()
      body.append('file', new Blob([Buffer.from(png)], { type: 'image/png' }), 'picture.png')
      return (await request<{ id: string }>('POST', '/media', { body })).id
    },
  }
}

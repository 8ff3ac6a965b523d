/** A client for tests: plain fetch with a token, and a new tenant in one call. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'

export type Answer = {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON; the text when it is something else. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
}

export type SendOptions = {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Someone who has registered. */
export type Tenant = {
  readonly token: string
  readonly refreshToken: string
  readonly organization: string
  readonly email: string
}

export type ApiClient = ReturnType<typeof apiClient>

export const PASSWORD = 'correct horse battery'

export function apiClient(address: () => string) {
  async function send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const { token, body, headers } = options
    const response = await fetch(address() + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }

  async function register(): Promise<Tenant> {
    const name = `org-${randomBytes(5).toString('hex')}`
    const email = `${name}@example.org`
    const answer = await send('POST', '/api/v1/auth/register', {
      body: { email, password: PASSWORD, organization: name },
    })
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    const { accessToken: token, refreshToken, organization } = answer.body
    return { token, refreshToken, organization: organization.id, email }
  }

  return { send, register }
}

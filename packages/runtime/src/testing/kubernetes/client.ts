import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'

/** An object of any kind, as JSON. */
export type KubernetesObject = {
  apiVersion?: string
  kind?: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    deletionTimestamp?: string
    [field: string]: unknown
  }
  // Tests look into objects of every kind; a type for each would say nothing that the test does not.
  [field: string]: unknown
}

export type WatchEvent<T = KubernetesObject> = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: T
}

/** What the server answered; `status` is HTTP's, `reason` Kubernetes' word, e.g. `AlreadyExists`. */
export class KubernetesError extends Error {
  readonly status: number
  readonly reason: string
  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

export type RequestBody = {
  body?: unknown
  /** By default `application/json`, for PATCH `application/merge-patch+json`. */
  contentType?: string
}

/**
 * The API server, seen by a test or by what plays a part of Kubernetes in it. Deliberately independent of Warren's own adapter, which it
 * helps to test: it caches nothing, retries nothing and hides nothing.
 */
export type KubernetesClient = {
  /** The server's. */
  readonly url: string
  /** `path` begins with `/api`. @throws KubernetesError */
  request<T = KubernetesObject>(method: string, path: string, options?: RequestBody): Promise<T>
  /** Calls `onEvent` until the server ends the stream or the signal aborts; both resolve. @throws KubernetesError */
  watch<T = KubernetesObject>(
    path: string,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Server-side apply of an object, whatever was there: the last one wins. `path` names the object. */
  apply<T = KubernetesObject>(path: string, object: unknown): Promise<T>
  close(): void
}

const REQUEST_TIMEOUT_MS = 30_000

/** A client with the current context of a kubeconfig (its text). */
export async function createKubernetesClient(kubeconfig: string): Promise<KubernetesClient> {
  const config = new KubeConfig()
  config.loadFromString(kubeconfig)
  const server = config.getCurrentCluster()?.server
  if (!server) throw new Error('The kubeconfig has no current cluster.')
  const access: RequestOptions = {}
  await config.applyToHTTPSOptions(access)
  const { ca, cert, key, rejectUnauthorized } = access
  const agent = new Agent({ keepAlive: true, maxSockets: 64, ca, cert, key, rejectUnauthorized })

  async function send(
    method: string,
    path: string,
    { body, contentType }: RequestBody,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const type = contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json')
    const request = httpsRequest(new URL(path, server), {
      method,
      agent,
      ...(access.auth ? { auth: access.auth } : {}),
      headers: {
        ...access.headers,
        accept: 'application/json',
        // Without its length Node sends the body of a DELETE unframed, which spoils the connection for the next request.
        ...(payload ? { 'content-type': type, 'content-length': payload.length } : {}),
      },
      ...(signal ? { signal } : {}),
    })
    request.setTimeout(signal ? 0 : REQUEST_TIMEOUT_MS, () =>
      request.destroy(new Error(`${method} ${path}: no answer within ${REQUEST_TIMEOUT_MS} ms`)),
    )
    request.end(payload)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    if ((response.statusCode ?? 500) < 400) return response
    throw toError(response.statusCode ?? 500, await text(response), `${method} ${path}`)
  }

  const request: KubernetesClient['request'] = async (method, path, options = {}) => {
    const answer = await text(await send(method, path, options))
    // `/readyz` and the like answer in plain words.
    return answer.startsWith('{') ? JSON.parse(answer) : answer
  }

  return {
    url: server,
    request,
    async watch(path, onEvent, signal) {
      const query = `${path.includes('?') ? '&' : '?'}watch=1`
      try {
        const response = await send('GET', path + query, {}, signal)
        for await (const line of lines(response)) {
          const event = JSON.parse(line)
          if (event.type === 'ERROR') throw toError(event.object.code, JSON.stringify(event.object), path)
          onEvent(event)
        }
      } catch (error) {
        if (!signal.aborted) throw error
      }
    },
    apply: (path, object) =>
      request('PATCH', `${path}?fieldManager=warren-tests&force=true`, {
        body: object,
        contentType: 'application/apply-patch+yaml',
      }),
    close: () => agent.destroy(),
  }
}

/** Not readline's, which leaves an error of the stream to nobody. */
async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const part of response) {
    const whole = (rest + part).split('\n')
    rest = whole.pop() ?? ''
    yield* whole
  }
}

async function text(response: IncomingMessage): Promise<string> {
  let all = ''
  response.setEncoding('utf8')
  for await (const part of response) all += part
  return all
}

function toError(status: number, body: string, what: string): KubernetesError {
  try {
    const { reason, message } = JSON.parse(body) as { reason?: string; message?: string }
    return new KubernetesError(status, reason ?? 'Unknown', message ?? body)
  } catch {
    return new KubernetesError(status, 'Unknown', `${what}: ${status} ${body.slice(0, 200)}`)
  }
}

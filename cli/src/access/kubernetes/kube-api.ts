/** The few requests to the API server that the command line makes, with a kubeconfig's address, certificates and sign-in. */
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { KubeConfig } from '@kubernetes/client-node'
import { WarrenError } from '@warren/contracts'
import { openPortForward } from './port-forward.ts'
import { type Asked, refusalOf } from './refusal.ts'

export type KubeApi = {
  readonly namespace: string
  /** @throws WarrenError with a sentence about `asked` */
  call<T>(method: string, path: string, asked: Asked, body?: object): Promise<T>
  stream(path: string, asked: Asked, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  dial(path: string, asked: Asked): Promise<Duplex>
}

const ANSWER_MS = 30_000
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
const TYPES: Readonly<Record<string, string>> = {
  PATCH: 'application/merge-patch+json',
  POST: 'application/json',
}

export function createKubeApi(config: KubeConfig, namespace: string): KubeApi {
  const server = config.getCurrentCluster()?.server.replace(/\/$/, '')
  if (!server)
    throw new WarrenError(
      'validation_failed',
      'The kubeconfig has no current context, or it names no cluster.',
    )

  /** Token files and exec plugins are asked anew each time: they may have a newer answer. */
  async function connection(): Promise<object> {
    const options = {}
    try {
      await config.applyToHTTPSOptions(options as never)
    } catch (cause) {
      throw new WarrenError(
        'unauthenticated',
        `The kubeconfig's sign-in failed: ${(cause as Error).message}`,
        { cause },
      )
    }
    return options
  }

  async function open(method: string, path: string, body: string | undefined, signal: AbortSignal) {
    const options = await connection()
    const { headers } = options as { headers?: Record<string, string> }
    const make = server?.startsWith('http:') ? plainRequest : tlsRequest
    return new Promise<IncomingMessage>((resolve, reject) => {
      const type = body === undefined ? {} : { 'content-type': TYPES[method] }
      const sent = make(`${server}${path}`, {
        ...options,
        method,
        signal,
        headers: { ...headers, ...type, accept: 'application/json', 'user-agent': 'kubectl-wa' },
      })
      sent.once('response', resolve)
      sent.once('error', (cause) => reject(unreachable(cause)))
      sent.end(body)
    })
  }

  /** Which of the verbs the person lacks, as the API server itself says: everybody may ask that about themselves. */
  async function missingVerbs({ verbs, resource, apiGroup, namespace, name }: Asked): Promise<string[]> {
    const [kind, subresource] = resource.split('/')
    const missing: string[] = []
    for (const verb of verbs) {
      const resourceAttributes = { verb, group: apiGroup, resource: kind, subresource, namespace, name }
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      }
      const response = await open('POST', REVIEWS, JSON.stringify(review), AbortSignal.timeout(ANSWER_MS))
      const answer = JSON.parse(await textOf(response)) as { status?: { allowed?: boolean } }
      if (answer.status?.allowed === false) missing.push(verb)
    }
    return missing
  }

  async function refusal(status: number, body: string, asked: Asked): Promise<WarrenError> {
    const missing = status === 403 ? await missingVerbs(asked).catch(() => asked.verbs) : []
    return refusalOf(status, body, asked, missing)
  }

  const unreachable = (cause: Error) =>
    new WarrenError('dependency_unavailable', `Kubernetes at ${server} does not answer: ${cause.message}`, {
      cause,
    })

  return {
    namespace,
    async call(method, path, asked, body) {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const response = await open(method, path, text, AbortSignal.timeout(ANSWER_MS))
      const answer = await textOf(response)
      const status = response.statusCode ?? 0
      if (status < 200 || status > 299) throw await refusal(status, answer, asked)
      return JSON.parse(answer)
    },
    async stream(path, asked, signal) {
      const response = await open('GET', path, undefined, signal)
      const status = response.statusCode ?? 0
      if (status !== 200) throw await refusal(status, await textOf(response), asked)
      return response
    },
    async dial(path, asked) {
      const url = `${server}${path}`.replace(/^http/, 'ws')
      return openPortForward(url, await connection(), (status, body) => refusal(status, body, asked))
    },
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return text
}

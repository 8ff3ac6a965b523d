/** Chooses the way to the instances. */
import type { Call, Flags, Program } from '../command.ts'
import { CliError, EXIT, usageError } from '../errors.ts'
import type { Io } from '../io.ts'
import { createKubernetesAccess } from './kubernetes/kubernetes-access.ts'
import { loadKubeApi } from './kubernetes/load-kube-config.ts'
import type { SessionAccess } from './port.ts'
import { credentialsFile, readCredentials } from './rest/credentials.ts'
import { createRestAccess } from './rest/rest-access.ts'
import { createRestClient } from './rest/rest-client.ts'

/** Flags that say where the instances are. */
export const ACCESS_FLAGS = {
  namespace: {
    type: 'string',
    short: 'n',
    value: 'NAMESPACE',
    description: 'Namespace of the instances; by default the one of the kubeconfig’s context.',
  },
  context: { type: 'string', value: 'NAME', description: 'Context of the kubeconfig.' },
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    description: 'Kubeconfig; by default KUBECONFIG or ~/.kube/config.',
  },
  server: {
    type: 'string',
    value: 'URL',
    description: 'Warren’s REST API instead of Kubernetes, with WARREN_TOKEN or the key of `warren login`.',
  },
} as const satisfies Flags

const OF_KUBERNETES = ['namespace', 'context', 'kubeconfig'] as const

/**
 * A named server, by flag or `WARREN_SERVER`, is asked over REST. `warren` also goes to the server it is signed in to, unless a flag of
 * Kubernetes is given; `kubectl wa` goes to Kubernetes.
 * @throws CliError for flags that contradict each other, or without a token
 */
export async function openAccess(program: Program, call: Pick<Call, 'text'>, io: Io): Promise<SessionAccess> {
  const file = credentialsFile(io.env, io.home)
  const ofKubernetes = OF_KUBERNETES.filter((flag) => call.text(flag) !== undefined)
  const named = call.text('server')
  if (named !== undefined && ofKubernetes[0])
    throw usageError(`--server is for REST and --${ofKubernetes[0]} for Kubernetes: leave one of them out.`)
  const implied = program === 'warren' && ofKubernetes.length === 0
  const server =
    named ?? (implied ? io.env.WARREN_SERVER || (await readCredentials(file)).current : undefined)
  if (server === undefined) {
    const api = await loadKubeApi({
      kubeconfig: call.text('kubeconfig'),
      context: call.text('context'),
      namespace: call.text('namespace'),
    })
    return createKubernetesAccess(api, io.clock)
  }
  const url = serverUrl(server)
  const token = io.env.WARREN_TOKEN || (await readCredentials(file)).servers[url]?.token
  if (!token)
    throw new CliError(EXIT.denied, `There is no token for ${url}.`, {
      hint: `Set WARREN_TOKEN, or sign in: warren login --server ${url}`,
    })
  return createRestAccess(createRestClient(url, token))
}

/**
 * The origin of a server, and a path where it has one.
 * @throws CliError for what is no URL, and for plain HTTP to another machine: the token would be read on the way
 */
export function serverUrl(text: string): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) throw usageError(`${text} is no http or https URL.`)
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw usageError(`${text} would carry your token in the clear: use https.`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

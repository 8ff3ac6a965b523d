/** How the API server is reached and who we are to it. */
import { readFile } from 'node:fs/promises'
import type { Agent, RequestOptions } from 'node:https'
import { join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import type { Clock } from '../../clock/index.ts'

/** What a request needs, as of now. */
export type Access = {
  readonly server: URL
  /** `Authorization` and whatever else the server wants to see. */
  readonly headers: Readonly<Record<string, string>>
  readonly tls: SecureContextOptions & { readonly servername?: string; readonly rejectUnauthorized?: boolean }
  /** Where a proxy stands between; it brings its own connections. */
  readonly agent?: Agent
}

export type Credentials = {
  /** @throws Error when a file of the credentials cannot be read, or a program that makes them fails */
  current(): Promise<Access>
  /** The server refused them: they are read again before the next request. */
  rejected(): void
}

/**
 * `inCluster` is the service account of the pod; its address comes from the variables that Kubernetes gives each container.
 * `kubeconfig` is a file's content or path; without either, client-go's rules find one (`$KUBECONFIG`, `~/.kube/config`).
 */
export type Connection =
  | { readonly inCluster: { readonly host: string; readonly port: string; readonly folder?: string } }
  | { readonly kubeconfig: { readonly text?: string; readonly path?: string } }

/** Tokens of service accounts are replaced on disk long before they end; client-go reads them once a minute too. */
const FRESH_MS = 60_000
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** In a pod its service account, unless a kubeconfig is named. */
export function connectionOf(env: Readonly<Record<string, string | undefined>>): Connection {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  if (!KUBECONFIG && host) return { inCluster: { host, port: port || '443' } }
  return { kubeconfig: {} }
}

export function createCredentials(connection: Connection, clock: Clock): Credentials {
  const read =
    'inCluster' in connection
      ? () => serviceAccount(connection.inCluster)
      : kubeconfigReader(connection.kubeconfig)
  let known: { access: Promise<Access>; atMs: number } | undefined

  return {
    current() {
      const nowMs = clock.monotonicMs()
      if (!known || nowMs - known.atMs > FRESH_MS) {
        const next = { access: read(), atMs: nowMs }
        // What failed is not kept.
        next.access.catch(() => {
          if (known === next) known = undefined
        })
        known = next
      }
      return known.access
    },
    rejected() {
      known = undefined
    },
  }
}

async function serviceAccount({
  host,
  port,
  folder = SERVICE_ACCOUNT,
}: {
  host: string
  port: string
  folder?: string
}): Promise<Access> {
  const [ca, token] = await Promise.all([
    readFile(join(folder, 'ca.crt'), 'utf8'),
    readFile(join(folder, 'token'), 'utf8'),
  ])
  const server = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  return { server, headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } }
}

/** The client library knows every way to sign in that a kubeconfig can name; it takes 90 MB, so a pod does not load it. */
function kubeconfigReader({ text, path }: { text?: string; path?: string }): () => Promise<Access> {
  let loading: Promise<import('@kubernetes/client-node').KubeConfig> | undefined

  async function load() {
    const { KubeConfig } = await import('@kubernetes/client-node')
    const config = new KubeConfig()
    if (text !== undefined) config.loadFromString(text)
    else if (path !== undefined) config.loadFromFile(path)
    else config.loadFromDefault()
    return config
  }

  return async () => {
    loading ??= load()
    const config = await loading.catch((error) => {
      loading = undefined
      throw error
    })
    const cluster = config.getCurrentCluster()
    if (!cluster) throw new Error('the kubeconfig has no current cluster')
    const options: RequestOptions = { headers: {} }
    await config.applyToHTTPSOptions(options)
    const { ca, cert, key, passphrase, servername, rejectUnauthorized, auth, agent } = options
    const headers = Object.fromEntries(
      Object.entries(options.headers ?? {}).flatMap(([name, value]) =>
        name.toLowerCase() === 'user-agent' || value === undefined
          ? []
          : [[name.toLowerCase(), String(value)]],
      ),
    )
    if (auth) headers.authorization = `Basic ${Buffer.from(auth).toString('base64')}`
    const tls = { ca, cert, key, passphrase, servername, rejectUnauthorized }
    return {
      server: new URL(cluster.server),
      headers,
      tls: Object.fromEntries(
        Object.entries(tls).filter(([, value]) => value !== undefined && value !== null),
      ),
      ...(cluster.proxyUrl && agent ? { agent: agent as Agent } : {}),
    }
  }
}

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, isFreePort, type ServerProcess, startServerProcess } from '../../embedded/index.ts'
import { until } from '../until.ts'
import { type Component, findControlPlane } from './binaries.ts'
import { createKubernetesClient, type KubernetesClient } from './client.ts'
import type { BinaryOptions } from './go-program.ts'

export type ControlPlaneOptions = BinaryOptions & {
  /** Where everything lives: data, logs, keys. Made when missing. */
  dataDir: string
  /**
   * Adds the controllers that notice dead nodes: 10 s after a node's last heartbeat its Ready condition becomes Unknown, and 3 s later its pods
   * are asked to go (unless they tolerate it longer). Needs a second, healthy node: where all are lost, Kubernetes suspects itself.
   */
  nodeLifecycle?: boolean
}

export type ControlPlane = {
  /** `https://127.0.0.1:PORT`, the same after a restart. */
  readonly url: string
  /** Path of a kubeconfig of an administrator (system:masters), and its text. */
  readonly kubeconfigFile: string
  readonly kubeconfig: string
  readonly client: KubernetesClient
  /** What serves, for people. */
  readonly origin: string
  /** SIGKILL: connections break and watches end without a word. */
  killApiServer(): Promise<void>
  /** After {@link killApiServer}; resolves when it is ready. */
  startApiServer(): Promise<void>
  /** Both, with nothing in between. */
  restartApiServer(): Promise<void>
  /**
   * Forgets every revision but the latest. The API server serves watches from memory, so to see 410 Gone for an old resourceVersion, restart it
   * as well.
   */
  compactEtcd(): Promise<void>
  /** Ends all of it. Idempotent. */
  stop(): Promise<void>
}

const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'pod-garbage-collector-controller',
]
/** Each part takes a second where there is room; where many tests share two cores it has taken more than a minute. */
const START_MS = 180_000
const NODE_CONTROLLERS = ['node-lifecycle-controller', 'taint-eviction-controller']

/**
 * etcd, kube-apiserver and kube-controller-manager on the loopback interface: everything of Kubernetes that is not a node. It does not need
 * root, does not outlive this process, and is ready after about four seconds.
 *
 * There is no PKI to make: the API server signs a certificate for itself, and people and controllers come with tokens.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataDir, env, nodeLifecycle = false } = options
  const binaries = await findControlPlane(options)
  const [apiPort, etcdPort, etcdPeerPort] = [await freePort(), await freePort(), await freePort()]
  const url = `https://127.0.0.1:${apiPort}`
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const tokens = { admin: randomBytes(24).toString('hex'), controllers: randomBytes(24).toString('hex') }
  const path = (name: string) => join(dataDir, name)
  await mkdir(path('certificates'), { recursive: true, mode: 0o700 })
  await writeKeys(path, tokens)

  const start = (name: string, { command, prefix }: Component, args: string[], ready: RegExp) =>
    startServerProcess({
      command,
      args: [...prefix, ...args],
      env,
      logFile: path(`${name}.log`),
      ready,
      startTimeoutMs: START_MS,
    })

  const startApi = () =>
    start(
      'kube-apiserver',
      binaries.apiServer,
      [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${apiPort}`,
        `--cert-dir=${path('certificates')}`,
        `--token-auth-file=${path('tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.96.0.0/16',
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `--service-account-signing-key-file=${path('service-accounts.key')}`,
        `--service-account-key-file=${path('service-accounts.pub')}`,
        '--endpoint-reconciler-type=none',
        // It would refuse every pod until a controller that does not run here has made the namespace's default account.
        '--disable-admission-plugins=ServiceAccount',
        '--profiling=false',
        ...(nodeLifecycle
          ? ['--default-unreachable-toleration-seconds=3', '--default-not-ready-toleration-seconds=3']
          : []),
      ],
      /Serving securely on/,
    )

  const running: ServerProcess[] = []
  let api: ServerProcess | undefined
  const stop = async () => {
    // The API server drains for as long as clients hold watches, so etcd is not left running under it any longer than needed.
    await Promise.all([...running.map((server) => server.stop()), api && kill(api)])
  }
  try {
    running.push(
      await start(
        'etcd',
        binaries.etcd,
        [
          `--data-dir=${path('etcd')}`,
          `--listen-client-urls=${etcdUrl}`,
          `--advertise-client-urls=${etcdUrl}`,
          `--listen-peer-urls=http://127.0.0.1:${etcdPeerPort}`,
          // What a test stored need not survive the machine.
          '--unsafe-no-fsync',
        ],
        /ready to serve client requests/,
      ),
    )
    api = await startApi()
    const certificate = await readFile(join(path('certificates'), 'apiserver.crt'), 'utf8')
    const kubeconfig = kubeconfigText(url, certificate, tokens.admin)
    await writeFile(path('kubeconfig'), kubeconfig, { mode: 0o600 })
    const controllersConfig = kubeconfigText(url, certificate, tokens.controllers)
    await writeFile(path('controllers.kubeconfig'), controllersConfig, { mode: 0o600 })
    const client = await createKubernetesClient(kubeconfig)
    const apiReady = () => ready(client)
    await apiReady()
    running.push(
      await start(
        'kube-controller-manager',
        binaries.controllerManager,
        [
          `--kubeconfig=${path('controllers.kubeconfig')}`,
          `--controllers=${[...CONTROLLERS, ...(nodeLifecycle ? NODE_CONTROLLERS : [])].join()}`,
          // Without it the collector has only the manager's own rights, which do not include deleting.
          '--use-service-account-credentials=true',
          `--service-account-private-key-file=${path('service-accounts.key')}`,
          '--leader-elect=false',
          '--secure-port=0',
          '--node-monitor-grace-period=10s',
          '--node-monitor-period=1s',
        ],
        /Started controller/i,
      ),
    )
    const killApiServer = async () => {
      if (api) await kill(api)
    }
    const startApiServer = async () => {
      await until(() => isFreePort(apiPort), { timeoutMs: START_MS, describe: 'its port' })
      api = await startApi()
      await apiReady()
    }
    return {
      url,
      kubeconfigFile: path('kubeconfig'),
      kubeconfig,
      client,
      origin: binaries.origin,
      killApiServer,
      startApiServer,
      async restartApiServer() {
        await killApiServer()
        await startApiServer()
      },
      compactEtcd: () => compact(etcdUrl),
      async stop() {
        client.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function ready(client: KubernetesClient): Promise<void> {
  await until(() => client.request('GET', '/readyz'), {
    timeoutMs: START_MS,
    everyMs: 50,
    describe: 'the API server (/readyz)',
  })
}

/** Its guardian and it are one process group. Going by SIGTERM it would wait for its watchers. */
async function kill(server: ServerProcess): Promise<void> {
  try {
    process.kill(-server.guardianPid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  await server.stop()
}

async function writeKeys(
  path: (name: string) => string,
  tokens: { admin: string; controllers: string },
): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const users = [
    `${tokens.admin},admin,admin,"system:masters"`,
    `${tokens.controllers},system:kube-controller-manager,kube-controller-manager`,
  ]
  await writeFile(path('service-accounts.key'), privateKey, { mode: 0o600 })
  await writeFile(path('service-accounts.pub'), publicKey)
  await writeFile(path('tokens.csv'), `${users.join('\n')}\n`, { mode: 0o600 })
}

/** JSON is YAML. */
function kubeconfigText(server: string, certificate: string, token: string): string {
  const authority = Buffer.from(certificate).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'tests', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'admin' } }],
    'current-context': 'tests',
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

/** By etcd's JSON gateway: the current revision stands in the header of any answer. */
async function compact(etcdUrl: string): Promise<void> {
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { header: { revision: string } }
  }
  const { header } = await post('range', { key: Buffer.from('/').toString('base64'), limit: 1 })
  await post('compaction', { revision: header.revision, physical: true })
}

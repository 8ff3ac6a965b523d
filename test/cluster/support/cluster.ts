import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { defaultCacheDir, findExecutable } from '@warren/runtime/embedded'
import { until } from '@warren/runtime/testing'
import { buildGoProgram, buildHyperkube, findHelm, findKubectl } from '@warren/runtime/testing/kubernetes'
import { first, type Programs, second, users } from './components.ts'
import {
  cniJson,
  containerdSocket,
  containerdToml,
  corefile,
  kubeconfigJson,
  kubeletJson,
  kubeProxyJson,
} from './configuration.ts'
import { buildImages, type Images } from './images.ts'
import { API_URL, HOST_IP, inState, kubeconfigOf, nodeNumbers } from './layout.ts'
import { installPackages, obstacle, searched } from './requirements.ts'
import { networkOf, removeSandbox, runInside, sandboxPid, startInside, startSandbox } from './sandbox.ts'

const run = promisify(execFile)

/** A cluster that runs, as it is remembered in the state folder. */
export type TestCluster = {
  readonly pid: number
  readonly nodes: number
  readonly kubeconfig: string
  readonly kubectl: string
  readonly helm: string
  readonly images: Pick<Images, 'tag' | 'nextTag'>
}

export type Progress = (line: string) => void

/** The cluster that runs on this machine, if one does. */
export function runningCluster(): TestCluster | undefined {
  const pid = sandboxPid()
  if (pid === undefined) return undefined
  try {
    return { ...JSON.parse(readFileSync(inState('cluster.json'), 'utf8')), pid }
  } catch {
    // It was given up half-way.
    return undefined
  }
}

/**
 * A Kubernetes cluster with real nodes and the project's images, in namespaces of its own: kubelet, containerd, networking, DNS.
 *
 * @throws Error with one sentence where the machine does not allow it
 */
export async function startCluster(nodes: number, onProgress: Progress): Promise<TestCluster> {
  const why = obstacle()
  if (why) throw new Error(`A cluster cannot run on this machine: ${why}`)
  await installPackages(onProgress)
  const options = { env: process.env, onProgress }
  const programs = await findPrograms(onProgress)
  const kubectl = await findKubectl(options)
  const helm = await findHelm(options)
  const images = await buildImages(defaultCacheDir(process.env), onProgress)

  await removeSandbox()
  const started = performance.now()
  try {
    const pid = await startSandbox(nodes)
    await writeConfiguration(nodes)
    for (const command of first(programs, nodes)) startInside(pid, command)
    const importing = Promise.all(nodeNumbers(nodes).map((node) => importImages(pid, node, images.archive)))
    await ready(pid)
    writeKubeconfigs(nodes)
    for (const command of second(programs, nodes)) startInside(pid, command)
    await importing
    const cluster = { pid, nodes, kubeconfig: kubeconfigOf('admin'), kubectl, helm, images }
    await usable(cluster)
    writeFileSync(inState('cluster.json'), JSON.stringify(cluster))
    onProgress(
      `The cluster of ${nodes} nodes is ready after ${Math.round((performance.now() - started) / 100) / 10} s`,
    )
    return cluster
  } catch (error) {
    // The state folder stays for whoever looks for the reason; the next start removes it.
    throw new Error(`The cluster did not come up; its logs are in ${inState('log')}.`, { cause: error })
  }
}

/** Ends the cluster and removes all traces but the cache. */
export const stopCluster = removeSandbox

/** A program of the host that sees the cluster's network, and its environment: command, arguments and variables to spawn. */
export function inNetwork(cluster: TestCluster, argv: readonly string[]) {
  const path = [...searched(), dirname(cluster.kubectl), dirname(cluster.helm)].join(':')
  const variables = { KUBECONFIG: cluster.kubeconfig, WARREN_IMAGE_TAG: cluster.images.tag }
  return {
    command: 'nsenter',
    args: [...networkOf(cluster.pid), '--', ...argv],
    env: { ...process.env, ...variables, PATH: path },
  }
}

async function findPrograms(onProgress: Progress): Promise<Programs> {
  const options = { env: process.env, onProgress }
  const containerd = await findExecutable(['containerd'], searched())
  if (!containerd) throw new Error('There is no containerd on the PATH.')
  const hyperkube = await buildHyperkube(options)
  const coredns = await buildGoProgram(
    {
      sources: join(import.meta.dirname, '..', 'coredns'),
      title: 'CoreDNS',
      about: '2 minutes',
      otherwise: 'use another cluster',
    },
    options,
  )
  return { hyperkube, coredns, containerd }
}

async function writeConfiguration(nodes: number): Promise<void> {
  const runc = (await findExecutable(['runc'], searched())) ?? 'runc'
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const tokens = users(nodes).map(({ name, user, groups }) => {
    const token = randomBytes(24).toString('hex')
    writeFileSync(inState('kubeconfigs', `${name}.token`), token, { mode: 0o600 })
    return `${token},${user},${name},"${groups.join()}"`
  })
  const files: Record<string, string> = {
    'service-accounts.key': privateKey,
    'service-accounts.pub': publicKey,
    'tokens.csv': `${tokens.join('\n')}\n`,
    'cni/pods.conflist': cniJson(),
    'kube-proxy.json': kubeProxyJson(),
    'resolv.conf': `nameserver ${HOST_IP}\n`,
    Corefile: corefile(),
  }
  for (const node of nodeNumbers(nodes)) {
    files[`containerd${node}.toml`] = containerdToml(node, runc)
    files[`kubelet${node}.json`] = kubeletJson(node)
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(inState(name), text, { mode: 0o600 })
}

/** The API server signs its own certificate, so this has to wait for it. */
function writeKubeconfigs(nodes: number): void {
  const certificate = readFileSync(inState('certificates', 'apiserver.crt'), 'utf8')
  for (const { name } of users(nodes)) {
    const token = readFileSync(inState('kubeconfigs', `${name}.token`), 'utf8')
    writeFileSync(kubeconfigOf(name), kubeconfigJson(API_URL, certificate, token), { mode: 0o600 })
  }
}

async function ready(pid: number): Promise<void> {
  const ask = ['curl', '--silent', '--insecure', '--fail', `${API_URL}/readyz`]
  await until(() => run('nsenter', [...networkOf(pid), '--', ...ask]), {
    timeoutMs: 120_000,
    everyMs: 100,
    describe: 'the API server',
  })
}

async function importImages(pid: number, node: number, archive: string): Promise<void> {
  const ctr = ['ctr', '--namespace', 'k8s.io', '--address', containerdSocket(node)]
  await until(() => runInside(pid, [...ctr, 'version']), {
    timeoutMs: 60_000,
    everyMs: 100,
    describe: `containerd of node ${node}`,
  })
  const enter = ['-t', String(pid), '-m', '-n', '-p', '-u', '-i', '--']
  await run('nsenter', [...enter, ...ctr, 'images', 'import', archive])
}

/** All nodes are ready, and pods can be made: the default service account is there. */
async function usable(cluster: TestCluster): Promise<void> {
  const kubectl = async (...args: string[]) => {
    const { command, args: all, env } = inNetwork(cluster, [cluster.kubectl, ...args])
    return (await run(command, all, { env })).stdout
  }
  await until(
    async () => {
      const nodes = await kubectl('get', 'nodes', '--no-headers')
      return nodes.match(/ Ready /g)?.length === cluster.nodes
    },
    { timeoutMs: 120_000, everyMs: 250, describe: 'all nodes being ready' },
  )
  await until(() => kubectl('get', 'serviceaccount', 'default'), {
    timeoutMs: 60_000,
    everyMs: 250,
    describe: 'the default service account',
  })
}

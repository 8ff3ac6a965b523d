import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { defaultCacheDir, type Environment, findExecutable, makeOnce } from '../../embedded/index.ts'

/** The Kubernetes that is built. Later minors refuse the first version of control groups and containerd 1.6 by default. */
export const KUBERNETES_VERSION = '1.34.4'

const SOURCES = join(import.meta.dirname, 'hyperkube')
const LONGEST_BUILD_MS = 60 * 60_000

export type BinaryOptions = {
  env: Environment
  /** By default `defaultCacheDir(env)`. */
  cacheDir?: string
  /** Called with one line for a person, for things that take more than a second. */
  onProgress?: (line: string) => void
}

/** A program and the arguments that make it the wanted component. */
export type Component = { readonly command: string; readonly prefix: readonly string[] }

export type ControlPlaneBinaries = {
  readonly etcd: Component
  readonly apiServer: Component
  readonly controllerManager: Component
  /** Where they come from, for people. */
  readonly origin: string
}

/**
 * The control plane's programs: those of the PATH when all three are there, else ours, see {@link buildHyperkube}.
 *
 * @throws Error with one sentence that says what is missing and what to do
 */
export async function findControlPlane(options: BinaryOptions): Promise<ControlPlaneBinaries> {
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const
  const [etcd, apiServer, controllerManager] = await Promise.all(
    names.map((name) => findExecutable([name], options.env.PATH)),
  )
  if (etcd && apiServer && controllerManager) {
    const given = (command: string): Component => ({ command, prefix: [] })
    return {
      etcd: given(etcd),
      apiServer: given(apiServer),
      controllerManager: given(controllerManager),
      origin: apiServer,
    }
  }
  const command = await buildHyperkube(options)
  const part = (name: string): Component => ({ command, prefix: [name] })
  return {
    etcd: part(names[0]),
    apiServer: part(names[1]),
    controllerManager: part(names[2]),
    origin: `Kubernetes ${KUBERNETES_VERSION} (built from the Go module proxy)`,
  }
}

/**
 * The path of one program that holds etcd and all of Kubernetes' components. Built from the Go module proxy when these sources have not
 * been built before, which takes minutes; others who want it meanwhile wait for the same build.
 *
 * @throws Error with one sentence that says what is missing and what to do
 */
export async function buildHyperkube({ env, cacheDir, onProgress }: BinaryOptions): Promise<string> {
  const folder = join(
    cacheDir ?? defaultCacheDir(env),
    `kubernetes-${KUBERNETES_VERSION}-${await sourcesHash()}-${process.platform}-${process.arch}`,
  )
  await makeOnce(folder, LONGEST_BUILD_MS, async (unfinished) => {
    const go = await findGo(env)
    onProgress?.('Building kube-apiserver and etcd from the Go module proxy, about 9 minutes, once …')
    const started = performance.now()
    const minutes = () => Math.round((performance.now() - started) / 60_000)
    const ticking = setInterval(() => onProgress?.(`… still building (${minutes()} min)`), 60_000)
    try {
      await build(go, join(unfinished, 'hyperkube'), env)
    } finally {
      clearInterval(ticking)
    }
    onProgress?.(`Built Kubernetes ${KUBERNETES_VERSION} in ${minutes()} min`)
  })
  return join(folder, 'hyperkube')
}

async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(await readFile(join(SOURCES, name)))
  return hash.digest('hex').slice(0, 12)
}

async function findGo(env: Environment): Promise<string> {
  const wayOut =
    'put kube-apiserver, etcd and kube-controller-manager on the PATH, or set WARREN_TEST_KUBECONFIG'
  const go = await findExecutable(['go'], [...(env.PATH ?? '').split(':'), '/usr/local/go/bin'])
  if (!go)
    throw new Error(`A Kubernetes API server needs Go 1.24 or later to be built: install it, or ${wayOut}.`)
  const { stdout } = await promisify(execFile)(go, ['env', 'GOVERSION'], { env: { ...env } })
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? []
  if (Number(major) === 1 && Number(minor) < 24)
    throw new Error(
      `A Kubernetes API server needs Go 1.24 or later, not ${stdout.trim()}: update it, or ${wayOut}.`,
    )
  return go
}

/** The version is set from outside, else the server calls itself v0.0.0 and clients doubt what it can do. */
async function build(go: string, target: string, env: Environment): Promise<void> {
  const version = 'k8s.io/component-base/version'
  const [major, minor] = KUBERNETES_VERSION.split('.')
  const set = [
    `-X ${version}.gitVersion=v${KUBERNETES_VERSION}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
  ]
  const args = ['build', '-trimpath', '-ldflags', `-s -w ${set.join(' ')}`, '-o', target, '.']
  const child = spawn(go, args, {
    cwd: SOURCES,
    env: { ...env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  child.stderr.on('data', (data) => {
    printed = (printed + data).slice(-4_000)
  })
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0)
    throw new Error(`Kubernetes could not be built (${go} build in ${SOURCES}): ${lastLines(printed)}`)
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-3).join(' | ') || 'it printed nothing'
}

import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { defaultCacheDir, type Environment, findExecutable, makeOnce } from '../../embedded/index.ts'

const LONGEST_BUILD_MS = 60 * 60_000

export type BinaryOptions = {
  env: Environment
  /** By default `defaultCacheDir(env)`. */
  cacheDir?: string
  /** Called with one line for a person, for things that take more than a second. */
  onProgress?: (line: string) => void
}

export type GoProgram = {
  /** Folder with main.go, go.mod and, where there are dependencies, go.sum. Its last part is the program's name. */
  readonly sources: string
  /** What is built, for people: `kube-apiserver and etcd`. */
  readonly title: string
  /** About how long it takes on two cores, for people: `9 minutes`. */
  readonly about: string
  /** Variables of the program that the linker sets. */
  readonly set?: Readonly<Record<string, string>>
  /** What may be done instead, as the end of a sentence. */
  readonly otherwise: string
}

/**
 * The path of a program built from these sources and the Go module proxy: once, while others who want it meanwhile wait for the same build.
 *
 * @throws Error with one sentence that says what is missing and what to do
 */
export async function buildGoProgram(program: GoProgram, options: BinaryOptions): Promise<string> {
  const { env, cacheDir = defaultCacheDir(env), onProgress } = options
  const name = basename(program.sources)
  const hash = await hashOf(program)
  const folder = join(cacheDir, `${name}-${hash}-${process.platform}-${process.arch}`)
  await makeOnce(folder, LONGEST_BUILD_MS, async (unfinished) => {
    const go = await findGo(program, env)
    const { title, about } = program
    onProgress?.(`Building ${title} from the Go module proxy, about ${about}, once …`)
    const started = performance.now()
    const minutes = () => Math.round((performance.now() - started) / 60_000)
    const ticking = setInterval(() => onProgress?.(`… still building ${title} (${minutes()} min)`), 60_000)
    try {
      await build(go, program, join(unfinished, name), env)
    } finally {
      clearInterval(ticking)
    }
    onProgress?.(`Built ${title} in ${Math.round((performance.now() - started) / 1_000)} s`)
  })
  return join(folder, name)
}

async function hashOf({ sources, set = {} }: GoProgram): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(set))
  for (const name of ['go.mod', 'go.sum', 'main.go'])
    hash.update(await readFile(join(sources, name)).catch(() => ''))
  return hash.digest('hex').slice(0, 12)
}

async function findGo({ title, otherwise }: GoProgram, env: Environment): Promise<string> {
  const go = await findExecutable(['go'], [...(env.PATH ?? '').split(':'), '/usr/local/go/bin'])
  const needed = `Go 1.24 or later is needed to build ${title}`
  if (!go) throw new Error(`${needed}: install it, or ${otherwise}.`)
  const { stdout } = await promisify(execFile)(go, ['env', 'GOVERSION'], { env: { ...env } })
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? []
  if (Number(major) === 1 && Number(minor) < 24)
    throw new Error(`${needed}, not ${stdout.trim()}: update it, or ${otherwise}.`)
  return go
}

async function build(
  go: string,
  { title, sources, set = {} }: GoProgram,
  target: string,
  env: Environment,
): Promise<void> {
  const flags = ['-s', '-w', ...Object.entries(set).map(([name, value]) => `-X ${name}=${value}`)]
  const args = ['build', '-trimpath', '-ldflags', flags.join(' '), '-o', target, '.']
  const child = spawn(go, args, {
    cwd: sources,
    env: { ...env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  child.stderr.on('data', (data) => {
    printed = (printed + data).slice(-4_000)
  })
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code === 0) return
  const reason = printed.trim().split('\n').slice(-3).join(' | ') || 'it printed nothing'
  throw new Error(`${title} could not be built (${go} build in ${sources}): ${reason}`)
}

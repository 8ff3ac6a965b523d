/** Which MongoDB server the run uses, and building the fast embedded one when there is none. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { defaultCacheDir, type Environment, findExecutable } from '@warren/runtime/embedded'

/** `python` is an embedded server that is slower than Warren itself: figures on it are the database's. */
export type DatabaseKind = 'given' | 'mongod' | 'rust' | 'python'

const CRATE = 'secantus-mdb'
const VERSION = '0.5.3-beta.193'
const BINARY = 'secantusd-rs'

/**
 * Sees to it that `startMongo` finds a server that does not hold Warren back, if that is possible, and says which kind it will find:
 * `MONGODB_URI`, `mongod`, the Rust server of SecantusDB (built once with cargo when that is there), else the Python one.
 */
export async function ensureDatabase(options: {
  env: Environment
  say: (line: string) => void
}): Promise<DatabaseKind> {
  const { env, say } = options
  if (env.MONGODB_URI) return 'given'
  if (await findExecutable(['mongod'], env.PATH)) return 'mongod'
  const cache = defaultCacheDir(env)
  const places = [cache, join(cache, 'bin'), ...(env.PATH ?? '').split(':')]
  if (await findExecutable([BINARY], places)) return 'rust'

  const cargo = await findExecutable(['cargo'], env.PATH)
  if (cargo && (await build(cargo, cache, options))) return 'rust'
  say(
    'No MONGODB_URI, no mongod and no cargo: the Python server of SecantusDB is used. It, not Warren, will be the limit of what is measured.',
  )
  return 'python'
}

/** A failed build is not the end: the run goes on with the slower server. */
async function build(
  cargo: string,
  cache: string,
  { env, say }: { env: Environment; say: (line: string) => void },
): Promise<boolean> {
  say(`Building ${CRATE} ${VERSION}, the Rust server of SecantusDB, once. This takes about six minutes.`)
  const args = ['install', CRATE, '--version', VERSION, '--ignore-rust-version', '--root', cache]
  const child = spawn(cargo, args, { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  const end = () => child.kill()
  process.once('exit', end)
  let last = ''
  let crates = 0
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    crates += text.split('Compiling ').length - 1
    last = text.trim().split('\n').at(-1) ?? last
  })
  const progress = setInterval(() => say(`  ${crates} crates compiled`), 30_000)
  try {
    const [code] = await once(child, 'close')
    if (code === 0) return true
    say(`cargo could not build it: ${last}`)
  } catch (error) {
    say(`cargo could not be run: ${error instanceof Error ? error.message : error}`)
  } finally {
    clearInterval(progress)
    process.off('exit', end)
  }
  return false
}

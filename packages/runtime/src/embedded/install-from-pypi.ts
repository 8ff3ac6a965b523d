import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Environment } from './environment.ts'
import { exists } from './exists.ts'
import { findExecutable } from './find-executable.ts'

const run = promisify(execFile)

/** No installation takes this long; process ids are used again, so a living holder need not be the one that locked. */
const ABANDONED_MS = 10 * 60_000

export type PypiPackage = { name: string; version: string; extras?: readonly string[] }
export type PypiInstallation = { folder: string; python: string }

export type InstallOptions = {
  cacheDir: string
  env: Environment
  onProgress?: (line: string) => void
  /** The sentence's end when it cannot be installed: what the user may do instead. */
  otherwise: string
}

/**
 * Installs packages of the Python package index into a folder of their own in the cache, once; later calls return at
 * once. `pip --target` touches no system Python and is exempt from the "externally managed" refusal of PEP 668.
 * The folder appears by a rename when it is complete, so a killed installation leaves nothing half-done behind.
 *
 * @throws Error with one sentence that says what is missing and what to do.
 */
export async function installFromPypi(
  packages: readonly [PypiPackage, ...PypiPackage[]],
  options: InstallOptions,
): Promise<PypiInstallation> {
  const [{ name, version }] = packages
  const python = await findExecutable(['python3', 'python'], options.env.PATH)
  if (!python) throw new Error(`${name} needs Python 3: install it, or ${options.otherwise}.`)
  const tag = await pythonTag(python)
  // Wheels are built for one version of Python and one machine, hence both are in the name.
  const folder = join(options.cacheDir, `${name}-${version}-${tag}-${process.platform}-${process.arch}`)
  if (await exists(folder)) return { folder, python }

  await mkdir(options.cacheDir, { recursive: true })
  const unlock = await lock(`${folder}.lock`)
  try {
    if (await exists(folder)) return { folder, python }
    await removeUnfinished(options.cacheDir, `${basename(folder)}.part-`)
    const started = performance.now()
    options.onProgress?.(`Installing ${name} ${version} from PyPI (once)…`)
    const unfinished = await mkdtemp(`${folder}.part-`)
    try {
      await pipInstall(python, packages, unfinished, options)
      await rename(unfinished, folder)
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
    options.onProgress?.(`Installed ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
    return { folder, python }
  } finally {
    await unlock()
  }
}

async function pythonTag(python: string): Promise<string> {
  const code = 'import sys; print(f"py{sys.version_info[0]}.{sys.version_info[1]}")'
  const { stdout } = await run(python, ['-c', code])
  return stdout.trim()
}

async function pipInstall(
  python: string,
  packages: readonly PypiPackage[],
  target: string,
  { env, otherwise }: InstallOptions,
): Promise<void> {
  const wanted = packages.map(
    ({ name, version, extras }) => `${name}${extras ? `[${extras.join(',')}]` : ''}==${version}`,
  )
  const uv = await findExecutable(['uv'], env.PATH)
  const hasPip = await run(python, ['-m', 'pip', '--version']).then(
    () => true,
    () => false,
  )
  const names = wanted.join(', ')
  if (!hasPip && !uv)
    throw new Error(`${names} cannot be installed without pip: install python3-pip or uv, or ${otherwise}.`)
  const [command, args] = hasPip
    ? [python, ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--quiet']]
    : [uv as string, ['pip', 'install', '--quiet', '--python', python]]
  await run(command, [...args, '--target', target, ...wanted], { maxBuffer: 16 * 1024 * 1024 }).catch(
    (cause: Error & { stderr?: string }) => {
      // pip prints harmless complaints about other packages of the machine; the reason is the last error line.
      const reason = (cause.stderr ?? cause.message)
        .trim()
        .split('\n')
        .findLast((line) => /error/i.test(line))
      throw new Error(`Could not install ${names} (${reason ?? 'no reason given'}): ${otherwise}.`, { cause })
    },
  )
}

/**
 * Lets one process install while the others wait. It only saves work: the final rename alone keeps the result whole,
 * so taking over the lock of a dead process need not be free of races.
 */
async function lock(file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const handle = await open(file, 'wx')
      await handle.writeFile(String(process.pid))
      await handle.close()
      return () => rm(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''))
    const since = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    )
    const abandoned = Date.now() - since > ABANDONED_MS || (holder !== 0 && !isAlive(holder))
    if (abandoned) await rm(file, { force: true })
    else await delay(100)
  }
}

/** What killed installations have left; whoever holds the lock knows that none is running. */
async function removeUnfinished(cacheDir: string, prefix: string): Promise<void> {
  for (const name of await readdir(cacheDir))
    if (name.startsWith(prefix)) await rm(join(cacheDir, name), { recursive: true, force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

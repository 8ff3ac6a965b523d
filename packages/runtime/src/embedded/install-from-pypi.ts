import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from './environment.ts'
import { findExecutable } from './find-executable.ts'
import { makeOnce } from './make-once.ts'

const run = promisify(execFile)

const LONGEST_MS = 10 * 60_000

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

  await makeOnce(folder, LONGEST_MS, async (unfinished) => {
    const started = performance.now()
    options.onProgress?.(`Installing ${name} ${version} from PyPI (once)…`)
    await pipInstall(python, packages, unfinished, options)
    options.onProgress?.(`Installed ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  })
  return { folder, python }
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

import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { findExecutable } from '@warren/runtime/embedded'

const GIGABYTE = 2 ** 30

/** Hierarchies of control groups of version 1 that a node needs. */
export const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids', 'freezer', 'blkio', 'devices'] as const

const PACKAGES: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  conntrack: 'conntrack',
  iptables: 'iptables',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
}

/** Why this machine cannot have a cluster, in one sentence; undefined when it can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it needs Linux on x86-64.'
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and control groups.'
  const unshared = spawnSync('unshare', ['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', 'true'])
  if (unshared.status !== 0) return 'this machine does not let us make namespaces (unshare failed).'
  if (!/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'the kernel has no overlayfs.'
  if (CONTROLLERS.some((controller) => !writable(`/sys/fs/cgroup/${controller}`)))
    return 'it needs control groups of version 1 that can be written (this machine has none, or only version 2).'
  if (freemem() < 3 * GIGABYTE) return 'it needs 3 GB of free memory.'
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < 8 * GIGABYTE) return `it needs 8 GB of free space in ${tmpdir()}.`
  return undefined
}

/**
 * Installs what is missing of the packages of Debian that a node is made of.
 * @throws Error with one sentence
 */
export async function installPackages(onProgress: (line: string) => void): Promise<void> {
  const missing: string[] = []
  for (const [program, name] of Object.entries(PACKAGES))
    if (!(await findExecutable([program], searched()))) missing.push(name)
  if (!existsSync('/usr/lib/cni/bridge')) missing.push('containernetworking-plugins')
  if (missing.length === 0) return
  if (!(await findExecutable(['apt-get'], searched())))
    throw new Error(`The cluster needs ${missing.join(', ')}, and there is no apt-get to install it.`)
  onProgress(`Installing ${missing.join(', ')} with apt-get …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) => execFileSync('apt-get', args, { env, stdio: 'pipe' })
  try {
    apt('update', '-q')
    apt('install', '-y', '-q', '--no-install-recommends', ...missing)
  } catch (cause) {
    throw new Error(`apt-get could not install ${missing.join(', ')}.`, { cause })
  }
}

/** Where programs are; root's PATH may lack the folders of administration. */
export const searched = () => [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The namespaces in which the cluster lives. Nothing of it outlives process 1 in there, and nothing of the host is changed. */
import { execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { until } from '@warren/runtime/testing'
import type { Command } from './components.ts'
import { CGROUP, inState, nodeNumbers, STATE_DIR } from './layout.ts'
import { searched } from './requirements.ts'

const INIT = join(import.meta.dirname, 'init.sh')
const CGROUPS = '/sys/fs/cgroup'
/** As much as ten busy processes. */
const PODS_SHARES = 10 * 1024

/** The host's number of the sandbox's process 1; undefined when there is no sandbox. */
export function sandboxPid(): number | undefined {
  try {
    const pid = Number(readFileSync(inState('pid'), 'utf8'))
    // Numbers are used again: only a process that still is our init is the sandbox.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(INIT) ? pid : undefined
  } catch {
    return undefined
  }
}

/** Makes the namespaces and waits for their process 1. */
export async function startSandbox(nodes: number): Promise<number> {
  const folders = ['cni', 'cni-state', 'sysctl', 'log', 'certificates', 'kubeconfigs', 'etcd']
  for (const node of nodeNumbers(nodes))
    folders.push(`containerd${node}`, `kubelet${node}`, `log/pods${node}`)
  for (const folder of folders) mkdirSync(inState(folder), { recursive: true })
  makeControlGroups(nodes)
  const kinds = ['--mount', '--net', '--pid', '--uts', '--ipc']
  const how = ['--fork', '--kill-child', '--mount-proc', '--propagation', 'private']
  const log = openSync(inState('log', 'init.log'), 'a')
  const unshare = spawn('unshare', [...kinds, ...how, INIT, STATE_DIR, String(nodes)], {
    detached: true,
    stdio: ['ignore', log, log],
    env: environment(),
  })
  closeSync(log)
  unshare.unref()
  const failed = () => `the sandbox (${readFileSync(inState('log', 'init.log'), 'utf8').trim().slice(-300)})`
  await until(() => existsSync(inState('ready')), { timeoutMs: 10_000, describe: 'the sandbox' }).catch(
    (cause) => {
      throw new Error(`Could not start ${failed()}`, { cause })
    },
  )
  const children = readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, 'utf8')
  const pid = Number(children.trim().split(' ')[0])
  writeFileSync(inState('pid'), String(pid))
  return pid
}

/** Starts a component in the sandbox; it runs on when we end. Its output goes to `log/NAME.log` of the state folder. */
export function startInside(pid: number, { name, argv }: Command): void {
  const log = openSync(inState('log', `${name}.log`), 'a')
  // Entering a namespace of processes takes a child, which would hold our own output open.
  const child = spawn('nsenter', ['-t', String(pid), '-m', '-n', '-p', '-u', '-i', '--', ...argv], {
    detached: true,
    stdio: ['ignore', log, log],
    env: environment(),
  })
  closeSync(log)
  child.unref()
}

/** Runs a program in the sandbox to its end. @throws Error with what it printed */
export function runInside(pid: number, argv: readonly string[]): string {
  return execFileSync('nsenter', ['-t', String(pid), '-m', '-n', '-p', '-u', '-i', '--', ...argv], {
    encoding: 'utf8',
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The arguments that run a program of the host, with its files, in the sandbox's network. */
export const networkOf = (pid: number) => [`--net=/proc/${pid}/ns/net`]

/** Ends the sandbox and removes all traces. Does nothing when there is none. */
export async function removeSandbox(): Promise<void> {
  const pid = sandboxPid()
  if (pid !== undefined) {
    process.kill(pid, 'SIGKILL')
    await until(() => !existsSync(`/proc/${pid}`), { timeoutMs: 20_000, describe: 'the end of the sandbox' })
  }
  // The kernel takes the mounts down a moment after the last process.
  await until(
    () => {
      for (const controller of readdirSync(CGROUPS)) removeControlGroup(join(CGROUPS, controller, CGROUP))
      rmSync(STATE_DIR, { recursive: true, force: true })
      return true
    },
    { timeoutMs: 20_000, everyMs: 100, describe: 'the removal of what the sandbox used' },
  )
}

/** One for each node in every hierarchy; those of cpuset are of no use until they are told what they may use. */
function makeControlGroups(nodes: number): void {
  for (const controller of readdirSync(CGROUPS)) {
    const hierarchy = join(CGROUPS, controller)
    if (!statSync(hierarchy).isDirectory() || !existsSync(join(hierarchy, 'cgroup.procs'))) continue
    for (const name of ['', ...nodeNumbers(nodes).map((node) => `node${node}`)]) {
      const group = join(hierarchy, CGROUP, name)
      mkdirSync(group, { recursive: true })
      for (const file of ['cpuset.cpus', 'cpuset.mems'])
        if (controller === 'cpuset') writeFileSync(join(group, file), readFileSync(join(hierarchy, file)))
    }
    // A group counts as one process beside those of the host: all pods together would starve on a machine that does other things too.
    if (controller === 'cpu') writeFileSync(join(hierarchy, CGROUP, 'cpu.shares'), String(PODS_SHARES))
  }
}

function removeControlGroup(group: string): void {
  if (!existsSync(group)) return
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeControlGroup(join(group, entry.name))
  rmdirSync(group)
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: searched().join(':') }
}

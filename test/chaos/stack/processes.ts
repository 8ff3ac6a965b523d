/** Finding and signalling processes that are not our children. */
import { readdirSync, readFileSync } from 'node:fs'

/** The process whose command line has this text; shells that guard it do not count. */
export function processWith(text: string): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .find((pid) => {
      const command = commandOf(pid)
      return command.includes(text) && !command.startsWith('/bin/sh')
    })
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

export function isAlive(pid: number): boolean {
  // A zombie has no command line any more.
  return commandOf(pid) !== ''
}

/** @returns false when there is no such process */
export function signal(pid: number | undefined, name: NodeJS.Signals): boolean {
  if (pid === undefined || pid <= 1) return false
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** What Linux knows of a process; other systems tell too little to compare. */
import { readFileSync } from 'node:fs'

/** `USER_HZ`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
/** Places of utime and stime after the name, which may itself hold spaces. */
const UTIME = 11
const STIME = 12

export const canReadProcesses = process.platform === 'linux'

/** Processor time in milliseconds, to 10 ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[UTIME]) + Number(fields[STIME])) * 1000) / TICKS_PER_SECOND
}

/** Memory in MB: resident, and what no other process shares. */
export function memoryMb(pid: number): { rss: number; privateMb: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1])
  return { rss: kb('Rss') / 1024, privateMb: (kb('Private_Clean') + kb('Private_Dirty')) / 1024 }
}

/** What every program of the chaos test has to do: end with its parent, say that it is ready, stop on a signal. */

import { flushCompileCache } from 'node:module'

/** @param stop lets it end in order */
export function runAsChild(stop: () => Promise<void>): void {
  // Its successor starts faster; a process that is killed would not write it.
  flushCompileCache()
  let stopping = false
  const end = () => {
    if (stopping) return
    stopping = true
    void stop().finally(() => process.exit(0))
  }
  process.on('SIGTERM', end)
  // The parent is gone, however it ended.
  process.stdin.on('end', () => process.exit(0)).resume()
  process.send?.('ready')
}

/** @throws Error naming the variable that is not set */
export function required(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

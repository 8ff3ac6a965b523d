import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections: a server that restarts finds its port free, and
 * a client that knocks on it meanwhile is never given that very port for its own end, and so connected to itself.
 */
const LOWEST = 20_000
const HIGHEST = 30_000
const ATTEMPTS = 100

/** Handed out to this process: whoever asked may not listen yet. */
const given = new Set<number>()

/**
 * A port of the loopback interface that nobody listens on, for a server that has to be told its port before it starts.
 * @throws Error when none is found
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (given.has(port) || !(await isFreePort(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no free port was found between ${LOWEST} and ${HIGHEST}`)
}

/** Whether nobody listens on this port of the loopback interface. A big program that was killed keeps its own until its memory is given back. */
export async function isFreePort(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

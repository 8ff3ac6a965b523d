import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { NodeContainer, Probe } from './pod.ts'

/** Whether one attempt succeeds: any HTTP status from 200 to 399, or a connection. */
export function attempt(probe: Probe, container: NodeContainer, podIP: string): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1_000
  const { httpGet, tcpSocket } = probe
  if (httpGet) {
    const where = {
      host: httpGet.host ?? podIP,
      port: portOf(httpGet.port, container),
      path: httpGet.path ?? '/',
    }
    return new Promise((resolve) => {
      const request = get({ ...where, timeout: timeoutMs, agent: false }, (response) => {
        response.resume()
        const status = response.statusCode ?? 500
        resolve(status >= 200 && status < 400)
      })
      request.on('timeout', () => request.destroy()).on('error', () => resolve(false))
    })
  }
  if (!tcpSocket) throw new Error(`A probe of ${container.name} is neither httpGet nor tcpSocket.`)
  return new Promise((resolve) => {
    const socket = connect({ host: tcpSocket.host ?? podIP, port: portOf(tcpSocket.port, container) })
    const settle = (reached: boolean) => {
      socket.destroy()
      resolve(reached)
    }
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}

/**
 * Probes until the signal aborts, and tells each change of mind. Begins at failure, like readiness; whoever wants to begin at success
 * (liveness) listens to failures only.
 */
export async function watchProbe(
  probe: Probe,
  container: NodeContainer,
  podIP: string,
  onChange: (succeeds: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const { failureThreshold = 3, successThreshold = 1, periodSeconds = 10, initialDelaySeconds = 0 } = probe
  let told: boolean | undefined
  let inARow = 0
  let last: boolean | undefined
  await delay(initialDelaySeconds * 1_000, undefined, { signal }).catch(() => {})
  while (!signal.aborted) {
    const succeeds = await attempt(probe, container, podIP)
    if (signal.aborted) return
    inARow = succeeds === last ? inARow + 1 : 1
    last = succeeds
    if (succeeds !== told && inARow >= (succeeds ? successThreshold : failureThreshold)) {
      told = succeeds
      onChange(succeeds)
    }
    await delay(periodSeconds * 1_000, undefined, { signal }).catch(() => {})
  }
}

function portOf(port: number | string, container: NodeContainer): number {
  if (typeof port === 'number') return port
  const named = container.ports?.find(({ name }) => name === port)?.containerPort
  if (named === undefined) throw new Error(`${container.name} has no port named ${port}.`)
  return named
}

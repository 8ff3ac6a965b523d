/** Requests at a constant rate, whatever the answers do: a slow answer does not delay the next request, as no stranger would wait for it. */
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Calls `send` `count` times, `perSecond` times a second.
 *
 * @returns milliseconds of each call in order of the calls, from the moment it was due, so that waiting behind others counts; rejects with the first error
 */
export async function openLoop(
  { count, perSecond }: { count: number; perSecond: number },
  send: (index: number) => Promise<void>,
): Promise<number[]> {
  const began = performance.now()
  const calls: Promise<number>[] = []
  let failed = false
  for (let index = 0; index < count && !failed; index++) {
    const due = began + (index * 1000) / perSecond
    const wait = due - performance.now()
    if (wait > 0) await delay(wait)
    const call = send(index).then(() => performance.now() - due)
    call.catch(() => {
      failed = true
    })
    calls.push(call)
  }
  return Promise.all(calls)
}

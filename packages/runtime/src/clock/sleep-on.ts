import type { Clock, Timer } from './clock.ts'

/** A `sleep` built on any `setTimer`, so that the real and the fake clock abort alike. */
export function sleepOn(setTimer: Clock['setTimer']): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      let timer: Timer | undefined
      const onAbort = () => {
        timer?.stop()
        reject(signal?.reason)
      }
      timer = setTimer(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
}

/** A running timer; `stop()` is idempotent and safe after it has fired. */
export type Timer = { stop(): void }

/** Everything a process may know of time. Injected, so that tests own it. */
export type Clock = {
  /** Wall-clock time: for what is stored or shown. It may jump. */
  now(): Date
  /** Milliseconds on a clock that never jumps: for durations and deadlines. The origin is arbitrary. */
  monotonicMs(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `fn` once after `ms` milliseconds. */
  setTimer(ms: number, fn: () => void): Timer
  /** Calls `fn` every `ms` milliseconds; the first call comes after one interval. */
  setInterval(ms: number, fn: () => void): Timer
}

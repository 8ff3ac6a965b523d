/**
 * Baileys leaves the deadlines of its queries (30 and 60 s) behind when a socket ends. They would keep a test process
 * alive long after its last test, so in tests no timer beyond 5 s holds the process.
 */
const LONG_MS = 5000
const original = globalThis.setTimeout

globalThis.setTimeout = Object.assign(
  (handler: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = original(handler, ms, ...args)
    if ((ms ?? 0) > LONG_MS) timer.unref()
    return timer
  },
  original,
) as typeof setTimeout

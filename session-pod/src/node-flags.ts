/**
 * How the process of a session is started: fast while it works, small while it rests. What a start or a burst leaves is collected when
 * the session falls quiet (`tidy.ts`), so the young generation may be as large as speed asks for.
 */
export const SESSION_NODE_FLAGS = [
  '--max-semi-space-size=16',
  '--max-old-space-size=128',
  // One thread for collecting garbage and none for compiling ahead: their stacks and arenas outweigh what a session keeps.
  '--single-threaded-gc',
  '--v8-pool-size=0',
  // Machine code of the first tier is kept as long as its function lives: 1.5 MB at rest, and no faster.
  '--no-sparkplug',
  '--expose-gc',
] as const

/**
 * Environment of the same purpose: one malloc arena, one thread for DNS and files, and blocks of 32 kB or more given back to the system
 * when they are freed.
 */
export const SESSION_NODE_ENV = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '32768',
  MALLOC_TOP_PAD_: '0',
  UV_THREADPOOL_SIZE: '1',
} as const

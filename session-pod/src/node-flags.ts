/**
 * How the process of a session is started to be small. An idle, connected session went from 111 to 72 MB resident (Node 24, bundled); the
 * optimising compiler stays on, since without it messages cost a multiple.
 */
export const SESSION_NODE_FLAGS = [
  // A young generation of 1 MB and a bound on the old one: a session lives on little, and garbage is young.
  '--max-semi-space-size=1',
  '--max-old-space-size=128',
  '--optimize-for-size',
  // One thread for collecting garbage and none for compiling ahead: their stacks and arenas are most of the idle memory.
  '--single-threaded-gc',
  '--v8-pool-size=0',
] as const

/** Environment of the same purpose: one malloc arena, one thread for DNS and files. */
export const SESSION_NODE_ENV = { MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '1' } as const

/**
 * libsignal writes whole session objects, private ratchet keys included, to the console. There is no switch for it,
 * so its known lines are filtered out; everything else passes untouched.
 */
const LINES = [
  'Closing session:',
  'Opening session:',
  'Removing old closed session:',
  'Session already closed',
  'Session already open',
  'Migrating session to:',
  'Closing open session in favor of incoming prekey bundle',
  'Decrypted message with closed session.',
  'Failed to decrypt message with any known session...',
  'Session error:',
]

const installed = Symbol.for('warren.quiet-libsignal')

/** Filters `console` of this process once, however often it is called. */
export const quietLibsignal = (): void => {
  const target = console as Console & { [installed]?: true }
  if (target[installed]) return
  target[installed] = true
  for (const level of ['info', 'warn', 'error'] as const) {
    const write = console[level].bind(console)
    console[level] = (...args: unknown[]) => {
      const first = args[0]
      if (typeof first === 'string' && LINES.some((line) => first.startsWith(line))) return
      write(...args)
    }
  }
}

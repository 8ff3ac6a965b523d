/** How the program ends. Stable: scripts rely on the numbers. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  notPaired: 5,
  messageFailed: 6,
  timeout: 7,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What each exit code tells, for the reference. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'Done.',
  failed: 'Something failed; the sentence says what.',
  usage: 'The command line was not understood.',
  notFound: 'There is no such instance.',
  denied: 'You may not do this, or are not signed in.',
  notPaired: 'No phone was linked: the attempts are used up, or the time is.',
  messageFailed: 'WhatsApp refused the message.',
  timeout: 'It did not happen in the time given; it may still.',
  interrupted: 'Ctrl-C.',
}

/** A problem of the person at the terminal: one sentence that says what, and perhaps one that says what to do. */
export class CliError extends Error {
  override name = 'CliError'
  readonly exit: ExitCode
  readonly hint: string | undefined

  constructor(exit: ExitCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.exit = exit
    this.hint = options.hint
  }
}

/** The command line was not understood. */
export const usageError = (message: string, hint?: string): CliError =>
  new CliError(EXIT.usage, message, hint === undefined ? {} : { hint })

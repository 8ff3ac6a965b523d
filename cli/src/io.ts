import type { Clock } from '@warren/runtime/clock'

export type OutputStream = {
  write(text: string | Uint8Array): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Everything that a command may touch: a test gives its own. */
export type Io = {
  readonly stdout: OutputStream
  /** For progress and problems, so that what stdout holds can be piped. */
  readonly stderr: OutputStream
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly clock: Clock
  /** Ctrl-C. */
  readonly signal: AbortSignal
  /** Asks a person, without echo. @throws CliError when there is no terminal */
  readonly askHidden: (question: string) => Promise<string>
}

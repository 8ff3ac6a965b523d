/** The command line in this process, with what it prints kept. */
import { EXIT, type Io, run, type SessionAccess } from '@warren/cli'
import { systemClock } from '@warren/runtime/clock'

export type Running = {
  readonly code: Promise<number>
  out(): string
  err(): string
  /** Ctrl-C. */
  interrupt(): Promise<number>
}

/** @param given where it is asked for; by default there is no environment and no terminal */
export function startCli(
  args: readonly string[],
  given: {
    access?: SessionAccess
    env?: Io['env']
    home?: string
    wa?: 'kubectl wa' | 'warren'
    stdin?: string
  } = {},
): Running {
  const printed = { out: '', err: '' }
  const keep = (name: 'out' | 'err') => ({
    write(text: string | Uint8Array) {
      printed[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
    },
  })
  const interrupted = new AbortController()
  const { access } = given
  const code = run(
    args,
    given.wa ?? 'kubectl wa',
    {
      stdout: keep('out'),
      stderr: keep('err'),
      stdin: (async function* () {
        yield Buffer.from(given.stdin ?? '')
      })(),
      env: given.env ?? {},
      home: given.home ?? '/nonexistent',
      clock: systemClock,
      signal: interrupted.signal,
      askHidden: () => Promise.reject(new Error('nobody is there to ask')),
    },
    ...(access ? [async () => access] : []),
  )
  return {
    code,
    out: () => printed.out,
    err: () => printed.err,
    interrupt() {
      interrupted.abort()
      return code
    },
  }
}

/** Runs a command to its end. @throws Error with what it said when it ends with another code than 0 */
export async function cli(
  args: readonly string[],
  given: Parameters<typeof startCli>[1] = {},
): Promise<string> {
  const running = startCli(args, given)
  const code = await running.code
  if (code !== EXIT.ok) throw new Error(`${args.join(' ')} ended with ${code}: ${running.err()}`)
  return running.out()
}

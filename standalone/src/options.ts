import { parseArgs } from 'node:util'

/** What `npm start` does. `demo`: the simulator and a guided demonstration; `plain`: the simulator alone; `real`: WhatsApp itself. */
export type Mode = 'demo' | 'plain' | 'real'

export type Options = {
  readonly mode: Mode
  /** Address that the API listens on. */
  readonly host: string
  /** Port of the API; 0 takes a free one. */
  readonly port: number
  readonly dataDir: string
  readonly printConfig: boolean
}

export const LOOPBACK = '127.0.0.1'

export const HELP = `Usage: npm start -- [options]

Runs all of Warren on this machine: operator, API, worker, data services, and a simulated WhatsApp
with a guided demonstration. Ctrl-C stops everything; the next start goes on where this one was.

  --no-demo        no demonstration: put your own resources into the instances folder
  --real           the real WhatsApp instead of the simulator: scan the QR with your own phone
  --port N         port of the API (default 8080; 0 takes a free one)
  --host ADDRESS   address of the API (default 127.0.0.1: this machine alone; limits on requests are wide)
  --data DIR       where everything is kept (default .warren, with --real .warren-real)
  --print-config   show what would be used, without secrets, and end
  --help           this text

Given services are used: MONGODB_URI, REDIS_URL, and S3_ENDPOINT with S3_ACCESS_KEY, S3_SECRET_KEY and S3_BUCKET.
`

/** Something that a person can mend; the message is one sentence that says how. */
export class StartError extends Error {
  override name = 'StartError'
}

/**
 * @returns `help` when that was asked for
 * @throws StartError for what cannot be understood
 */
export function readOptions(args: readonly string[]): Options | 'help' {
  const values = parse(args)
  if (values.help) return 'help'
  if (values.real && values['no-demo'])
    throw new StartError(
      '--real has no demonstration, so --no-demo means nothing there: leave one of them out.',
    )
  const mode = values.real ? 'real' : values['no-demo'] ? 'plain' : 'demo'
  const port = Number(values.port ?? 8080)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new StartError(`--port takes a number from 0 to 65535, not ${values.port}.`)
  const dataDir = values.data ?? (mode === 'real' ? '.warren-real' : '.warren')
  return { mode, host: values.host ?? LOOPBACK, port, dataDir, printConfig: values['print-config'] ?? false }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'no-demo': { type: 'boolean' },
        real: { type: 'boolean' },
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        'print-config': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ')
    throw new StartError(`${sentence}. Try: npm start -- --help`, { cause: error })
  }
}

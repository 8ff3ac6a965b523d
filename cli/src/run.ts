/** One command line from its words to its exit code. */
import { ERRORS, isWarrenError } from '@warren/contracts'
import { openAccess } from './access/open.ts'
import type { SessionAccess } from './access/port.ts'
import { commandHelp, programHelp } from './args/help.ts'
import { hereOf } from './args/here.ts'
import { type Parsed, parseLine } from './args/parse.ts'
import type { Call, Program } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { CliError, EXIT, type ExitCode } from './errors.ts'
import { hintFor } from './hints.ts'
import type { Io } from './io.ts'
import { printable } from './render/printable.ts'
import { styleFor } from './render/style.ts'

/**
 * @param open the way to the instances; a test may give its own
 * @returns the exit code; never throws
 */
export async function run(
  args: readonly string[],
  wa: Program,
  io: Io,
  open: (call: Pick<Call, 'text'>) => Promise<SessionAccess> = (call) => openAccess(wa, call, io),
): Promise<ExitCode> {
  let name: string | undefined
  let here = ''
  try {
    const line = parseLine(args, COMMANDS)
    if ('help' in line) {
      io.stdout.write(`${line.help ? commandHelp(line.help, wa) : programHelp(COMMANDS, wa)}\n`)
      return EXIT.ok
    }
    name = line.operands.NAME
    here = hereOf(line.values)
    return await line.command.run(callOf(line, wa, io, open))
  } catch (error) {
    return tell(error, { wa, io, name, here })
  }
}

function callOf(
  { operands, values }: Parsed,
  wa: Program,
  io: Io,
  open: (call: Pick<Call, 'text'>) => Promise<SessionAccess>,
): Call {
  const text = (flag: string) => {
    const value = values[flag]
    return typeof value === 'string' ? value : undefined
  }
  return {
    wa,
    here: hereOf(values),
    io,
    text,
    style: styleFor(io.stdout, io.env),
    operand: (name) => operands[name] ?? '',
    is: (flag) => values[flag] === true,
    print: (line = '') => void io.stdout.write(`${line}\n`),
    note: (line) => void io.stderr.write(`${line}\n`),
    open: () => open({ text }),
  }
}

/** What a person can mend is a sentence; anything else is our fault and shows where. */
function tell(
  error: unknown,
  { wa, io, name, here }: { wa: Program; io: Io; name: string | undefined; here: string },
): ExitCode {
  if (io.signal.aborted) return EXIT.interrupted
  const style = styleFor(io.stderr, io.env)
  const say = (sentence: string, hint?: string) =>
    io.stderr.write(
      `${style('red', 'error:')} ${sentence}\n${hint === undefined ? '' : `${style('cyan', `→ ${hint}`)}\n`}`,
    )
  if (error instanceof CliError) {
    say(error.message, error.hint?.replace(/^Try: /, `Try: ${wa} `))
    return error.exit
  }
  if (isWarrenError(error)) {
    const fields = error.details.fields?.filter(({ message }) => !error.message.includes(message)) ?? []
    say(
      [
        printable(sentence(error.message)),
        ...fields.map(({ path, message }) => `  ${printable(`${path}: ${message}`)}`),
      ].join('\n'),
      hintFor(error.code, { wa, name: name || 'NAME', here }),
    )
    return exitOf(error.code)
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return EXIT.failed
}

const sentence = (text: string) => (/[.!?…:]$/.test(text) ? text : `${text}.`)

function exitOf(code: keyof typeof ERRORS): ExitCode {
  if (code === 'not_found') return EXIT.notFound
  return ERRORS[code].status === 401 || ERRORS[code].status === 403 ? EXIT.denied : EXIT.failed
}

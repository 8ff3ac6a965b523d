import { parseArgs } from 'node:util'
import { ACCESS_FLAGS } from '../access/open.ts'
import type { Command, Flag, Flags } from '../command.ts'
import { usageError } from '../errors.ts'

export const HELP_FLAG = {
  help: { type: 'boolean', short: 'h', description: 'This text.' },
} as const satisfies Flags

/** All flags that a command takes. */
export function flagsOf(command: Command): Flags {
  return { ...command.flags, ...(command.reaches ? ACCESS_FLAGS : {}), ...HELP_FLAG }
}

export type Parsed = {
  readonly command: Command
  readonly operands: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, string | boolean | undefined>>
}
/** `help` with the command that it is about, if any. */
export type ParsedLine = { readonly help: Command | undefined } | Parsed

/**
 * Reads a command line. Flags may stand before and after the command, as with kubectl.
 * @throws CliError of exit code 2, with a sentence that names the mistake and often the way out
 */
export function parseLine(args: readonly string[], commands: readonly Command[]): ParsedLine {
  const find = (word: string) =>
    commands.find(({ name, aliases }) => name === word || aliases?.includes(word))
  const at = commandIndex(args)
  const word = args[at]
  if (word === undefined) {
    if (args.every((arg) => arg === '--help' || arg === '-h')) return { help: undefined }
    throw usageError('There is no command.', 'Try: --help')
  }
  if (word === 'help') {
    const topic = args[at + 1]
    if (topic === undefined) return { help: undefined }
    return { help: find(topic) ?? unknown(topic, commands) }
  }
  const command = find(word) ?? unknown(word, commands)
  return readCommand(command, [...args.slice(0, at), ...args.slice(at + 1)])
}

function readCommand(command: Command, args: readonly string[]): ParsedLine {
  const flags = flagsOf(command)
  const { values, positionals } = parseFlags(command, flags, args)
  if (values.help === true) return { help: command }
  for (const [name, flag] of Object.entries(flags)) checkChoice(name, flag, values[name])
  return { command, operands: operandsOf(command, positionals), values: withDefaults(flags, values) }
}

function parseFlags(command: Command, flags: Flags, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [name, { type, ...(short ? { short } : {}) }]),
  )
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split(/\. |\n/)
    throw usageError(`${sentence.replace(/\.$/, '')}.`, `Try: ${command.name} --help`)
  }
}

function checkChoice(name: string, { choices }: Flag, value: unknown): void {
  if (choices && value !== undefined && !choices.includes(String(value)))
    throw usageError(`--${name} is one of ${choices.join(', ')}, not ${value}.`)
}

function withDefaults(flags: Flags, values: Parsed['values']): Parsed['values'] {
  const defaults = Object.entries(flags).flatMap(([name, flag]) =>
    flag.default === undefined ? [] : [[name, flag.default] as const],
  )
  return { ...Object.fromEntries(defaults), ...values }
}

function operandsOf({ name, operands }: Command, given: readonly string[]): Record<string, string> {
  const missing = operands.find((operand, index) => !operand.optional && given[index] === undefined)
  if (missing) throw usageError(`${name} needs ${missing.name}.`, `Try: ${name} --help`)
  const extra = given[operands.length]
  if (extra !== undefined) {
    // The usual mistake is a text without quotes.
    const quote = operands.at(-1)?.name === 'TEXT' ? 'Put the text in quotes.' : `Try: ${name} --help`
    throw usageError(`${name} does not know what to do with ${extra}.`, quote)
  }
  return Object.fromEntries(operands.map((operand, index) => [operand.name, given[index] ?? '']))
}

/** Where the first word is that is neither a flag nor the value of one that may stand before the command. */
function commandIndex(args: readonly string[]): number {
  const takesValue = Object.entries<Flag>(ACCESS_FLAGS).flatMap(([name, { short }]) => [
    `--${name}`,
    ...(short ? [`-${short}`] : []),
  ])
  let index = 0
  while (index < args.length && args[index]?.startsWith('-'))
    index += takesValue.includes(args[index] ?? '') ? 2 : 1
  return index
}

function unknown(word: string, commands: readonly Command[]): never {
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  const near = names.find((name) => distance(name, word) <= 2)
  throw usageError(`There is no command ${word}.`, near ? `Did you mean ${near}?` : 'Try: --help')
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, x] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, y] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (x === y ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}

/** What a command is: data for the parser, the help and the reference page, and the function that does it. */
import type { SessionAccess } from './access/port.ts'
import type { ExitCode } from './errors.ts'
import type { Io } from './io.ts'
import type { Style } from './render/style.ts'

export type Flag = {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** What stands for the value in the help, e.g. `URL`. */
  readonly value?: string
  readonly choices?: readonly string[]
  readonly default?: string
  readonly description: string
}
export type Flags = Readonly<Record<string, Flag>>

/** The name of the program as a person types it. */
export type Program = 'kubectl wa' | 'warren'

export type Command = {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly operands: readonly { readonly name: string; readonly optional?: true }[]
  readonly flags: Flags
  /** One line, without a full stop. */
  readonly summary: string
  readonly description?: string
  /** `{wa}` stands for the program. */
  readonly examples: readonly string[]
  /** Whether it reaches for instances, and so takes the flags that say where. */
  readonly reaches: boolean
  /** @throws CliError or WarrenError */
  run(call: Call): Promise<ExitCode>
}

/** One use of a command. */
export type Call = {
  readonly wa: Program
  /** The flags that said where, as typed and with a space in front, for commands in hints: ` -n team-a`; empty when there were none. */
  readonly here: string
  /** Empty when it is optional and absent. */
  operand(name: string): string
  text(flag: string): string | undefined
  is(flag: string): boolean
  readonly io: Io
  /** Colours of stdout. */
  readonly style: Style
  print(text?: string): void
  /** To stderr: progress, hints. */
  note(text: string): void
  /** The way to the instances. @throws WarrenError when none is known */
  open(): Promise<SessionAccess>
}

export const OUTPUT = {
  output: {
    type: 'string',
    short: 'o',
    value: 'FORMAT',
    choices: ['json', 'yaml', 'wide'],
    description: 'As the server tells it, or a wider table.',
  },
} as const satisfies Flags

export const STRUCTURED = {
  output: { ...OUTPUT.output, choices: ['json', 'yaml'], description: 'As the server tells it.' },
} as const satisfies Flags

export const NAME = { name: 'NAME' } as const

import { ACCESS_FLAGS } from '../access/open.ts'
import type { Command, Flags, Program } from '../command.ts'
import { HELP_FLAG } from './parse.ts'

const COLUMNS = 80

/** The program at a glance. */
export function programHelp(commands: readonly Command[], wa: Program): string {
  const widest = Math.max(...commands.map((command) => synopsis(command).length))
  const rows = commands.map((command) => `  ${synopsis(command).padEnd(widest)}  ${command.summary}`)
  const where =
    wa === 'kubectl wa'
      ? 'Works with your kubeconfig and your rights in the cluster, and nothing else.'
      : 'Works over REST where a server is named or signed in to, else with your kubeconfig.'
  return [
    `Usage: ${wa} COMMAND [flags]`,
    '',
    `WhatsApp accounts that Warren runs: link, watch and use them from a terminal.`,
    where,
    '',
    ...rows,
    '',
    ...flagRows({ ...ACCESS_FLAGS, ...HELP_FLAG }),
    '',
    `More about one: ${wa} COMMAND --help`,
  ].join('\n')
}

export function commandHelp(command: Command, wa: Program): string {
  const { description, examples, aliases, flags, reaches } = command
  return [
    `Usage: ${wa} ${synopsis(command)} [flags]`,
    '',
    ...wrap(`${command.summary}.${description ? ` ${description}` : ''}`, COLUMNS),
    ...(aliases ? ['', `Also: ${aliases.join(', ')}`] : []),
    '',
    'Examples:',
    ...examples.map((example) => `  ${example.replaceAll('{wa}', wa)}`),
    ...(Object.keys(flags).length > 0 ? ['', 'Flags:', ...flagRows(flags)] : []),
    ...(reaches ? ['', 'Where:', ...flagRows(ACCESS_FLAGS)] : []),
  ].join('\n')
}

/** Name and operands, as in `qr NAME`. */
export function synopsis({ name, operands }: Command): string {
  return [name, ...operands.map((one) => (one.optional ? `[${one.name}]` : one.name))].join(' ')
}

/** How a flag is written, as in `-n, --namespace NAMESPACE`. */
export function flagSynopsis(name: string, { short, value }: Flags[string]): string {
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`
}

/** What a flag does, with its choices and its default. */
export function flagText({ description, choices, default: preset }: Flags[string]): string {
  return [
    description,
    ...(choices ? [`One of ${choices.join(', ')}.`] : []),
    ...(preset === undefined ? [] : [`Default ${preset}.`]),
  ].join(' ')
}

function flagRows(flags: Flags): string[] {
  const rows = Object.entries(flags).map(
    ([name, flag]) => [flagSynopsis(name, flag), flagText(flag)] as const,
  )
  const widest = Math.max(...rows.map(([left]) => left.length))
  return rows.flatMap(([left, text]) =>
    wrap(text, COLUMNS - widest - 4).map(
      (line, index) => `  ${(index === 0 ? left : '').padEnd(widest)}  ${line}`,
    ),
  )
}

/** Words in lines of at most so many columns. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

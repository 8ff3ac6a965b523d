/** The reference page of the command line, from the tables that also make its help. */
import { ACCESS_FLAGS } from './access/open.ts'
import { flagSynopsis, flagText, synopsis } from './args/help.ts'
import { HELP_FLAG } from './args/parse.ts'
import type { Command, Flags } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { EXIT, EXIT_MEANINGS } from './errors.ts'

/** The lines below the page's title. */
export function cliReference(): string[] {
  return [
    '## Flags of every command that reaches instances',
    '',
    ...flagTable({ ...ACCESS_FLAGS, ...HELP_FLAG }),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(EXIT).map(
      ([name, code]) => `| ${code} | ${EXIT_MEANINGS[name as keyof typeof EXIT]} |`,
    ),
    '',
    ...COMMANDS.flatMap(commandPart),
  ]
}

function commandPart(command: Command): string[] {
  const { summary, description, aliases, examples, flags } = command
  return [
    `## ${synopsis(command)}`,
    '',
    `${summary}.${description ? ` ${description}` : ''}${aliases ? ` Also: ${aliases.map((one) => `\`${one}\``).join(', ')}.` : ''}`,
    '',
    '```sh',
    ...examples.map((example) => example.replaceAll('{wa}', 'kubectl wa')),
    '```',
    '',
    ...(Object.keys(flags).length > 0 ? [...flagTable(flags), ''] : []),
  ]
}

function flagTable(flags: Flags): string[] {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  return [
    '| flag | what it does |',
    '|---|---|',
    ...Object.entries(flags).map(
      ([name, flag]) => `| \`${flagSynopsis(name, flag)}\` | ${cell(flagText(flag))} |`,
    ),
  ]
}

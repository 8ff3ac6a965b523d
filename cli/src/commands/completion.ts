/** Scripts that let a shell complete commands and flags. They are made from the table of commands, so they cannot be out of date. */
import { flagsOf } from '../args/parse.ts'
import type { Command } from '../command.ts'
import { EXIT, usageError } from '../errors.ts'

/** @param commands the whole table, in which this command stands itself */
export const completionOf = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  operands: [{ name: 'SHELL' }],
  flags: {},
  reaches: false,
  summary: 'A completion script of warren for bash or zsh',
  examples: ['source <(warren completion bash)', 'source <(warren completion zsh)'],
  async run(call) {
    const shell = call.operand('SHELL')
    if (shell !== 'bash' && shell !== 'zsh')
      throw usageError(`There is no completion for ${shell}: bash and zsh.`)
    call.print(completionScript(shell, commands()))
    return EXIT.ok
  },
})

export function completionScript(shell: 'bash' | 'zsh', commands: readonly Command[]): string {
  const flagWords = (command: Command) => Object.keys(flagsOf(command)).map((flag) => `--${flag}`)
  const cases = commands.map(
    (command) =>
      `    ${[command.name, ...(command.aliases ?? [])].join('|')}) words="${flagWords(command).join(' ')}" ;;`,
  )
  return [
    // zsh reads bash's completions with this.
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_warren() {',
    '  local words',
    `  case "\${COMP_WORDS[1]}" in`,
    ...cases,
    '  esac',
    `  [ "$COMP_CWORD" -eq 1 ] && words="${['help', ...commands.map(({ name }) => name)].join(' ')}"`,
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
    'complete -o default -F _warren warren',
  ].join('\n')
}

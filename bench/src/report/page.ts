/** `docs/reference/performance.md`: the figures of a full run, with what is needed to judge them. */
import type { Measurement } from '../figure.ts'
import { HEAD, rowsOf } from './present.ts'

export type Circumstances = {
  readonly at: Date
  /** As it was typed. */
  readonly command: string
  readonly machine: readonly (readonly [string, string])[]
  readonly mongo: string
  readonly redis: string
  readonly remarks: readonly string[]
}

export function pageOf(measurements: readonly Measurement[], circumstances: Circumstances): string {
  const { at, command, machine, mongo, redis, remarks } = circumstances
  const facts = [...machine, ['MongoDB', mongo], ['Redis', redis]]
  return [
    '# Performance',
    '',
    `Written by \`${command}\` on ${at.toISOString().slice(0, 10)}. Warren and bare Baileys ran on the same machine against the same simulator,`,
    'in turn within each round, so that what slows the machine for a while slows both. The simulator, the databases and what is measured',
    'shared the processor: absolute numbers belong to this machine, ratios travel better.',
    '',
    '| | |',
    '|---|---|',
    ...facts.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    '* `bare`: unmodified `@whiskeysockets/baileys` from npm, unbundled, keys in memory, Node as it comes.',
    '* `tuned`: the same, with the Node flags, environment and stack trace limit of a session pod.',
    '* `warren`: a session pod in its own process, with MongoDB and Redis, losing nothing when it is killed.',
    '',
    'A ratio is taken in each round; its median is what is compared with the target.',
    '',
    ...measurements.flatMap(({ figures, remarks: notes }) => [
      ...figures.flatMap((figure) => [
        `## ${figure.title}`,
        '',
        table([[figure.unit, ...HEAD.slice(1)], ...rowsOf(figure)]),
        '',
      ]),
      ...notes.flatMap((note) => [note, '']),
    ]),
    '## Remarks',
    '',
    ...remarks.map((remark) => `* ${remark}`),
    '',
  ].join('\n')
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), '|---|---:|---:|---:|---|', ...rows.map(line)].join('\n')
}

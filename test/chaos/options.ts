import { parseArgs } from 'node:util'

export type Options = {
  readonly help: boolean
  readonly seed: number
  readonly messages: number
  readonly faults: number
  readonly sessions: number
  readonly minutes: number
  readonly only: readonly string[] | undefined
  readonly json: string | undefined
  readonly keep: boolean
}

export const USAGE = `Usage: npm run chaos [-- options]

Breaks the whole product on purpose while messages flow, and compares every message at the end. Twenty to forty minutes;
"--messages 500 --faults 15" takes two.

  --messages N          send at least so many, both ways together (default 20000)
  --faults N            strike so often (default 200)
  --sessions N          accounts (default 8)
  --seed N              repeat the plan of an earlier run
  --only NAME[,NAME]    only these scenarios
  --minutes N           begin no new fault after this (default 60)
  --json FILE           also write the figures to FILE
  --keep                keep data and logs of a run that passed; those of one that failed are always kept
  --help                this text

MongoDB and Redis are started for the run; a MONGODB_URI that is set is used instead, and then not killed.
`

/**
 * @param random for a seed where none is given, 0 to 1
 * @throws Error with a sentence for the user
 */
export function parseOptions(
  args: readonly string[],
  known: readonly string[],
  random: () => number,
): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: 'string' },
      faults: { type: 'string' },
      sessions: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      minutes: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only?.split(',').map((name) => name.trim())
  const unknown = only?.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`--only knows ${known.join(', ')}, not "${unknown}"`)
  return {
    help: values.help,
    keep: values.keep,
    json: values.json,
    only,
    seed: wholeNumber('seed', values.seed, 1 + Math.floor(random() * 999_999)),
    messages: wholeNumber('messages', values.messages, 20_000),
    faults: wholeNumber('faults', values.faults, 200),
    sessions: wholeNumber('sessions', values.sessions, 8),
    minutes: wholeNumber('minutes', values.minutes, 60),
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} takes a whole number above 0, not "${text}"`)
  return value
}

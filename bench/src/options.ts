import { parseArgs } from 'node:util'

export const PARTS = ['throughput', 'idle', 'open', 'rest', 'live', 'storm', 'operator'] as const
export type Part = (typeof PARTS)[number]
/** What docs/reference/performance.md tells; the other two are told beside what they are about, in reliability.md and scale.md. */
export const PAGE_PARTS: readonly Part[] = ['throughput', 'idle', 'open', 'rest', 'live']

export type Options = {
  readonly help: boolean
  readonly parts: readonly Part[]
  /** Rounds of `throughput`; `open` takes at least seven. */
  readonly rounds: number
  /** Texts per burst. */
  readonly messages: number
  /** Processes of each kind for `idle`. */
  readonly processes: number
  readonly openRounds: number
  readonly settleMs: number
  /** Length of a round of `rest` and `live`. */
  readonly seconds: number
  /** Processes for `storm`. */
  readonly sessions: number
  readonly outageSeconds: readonly number[]
  /** Sizes of fleet for `operator`, rising. */
  readonly instances: readonly number[]
  /** Rounds of `operator`. */
  readonly operatorRounds: number
  /** How long `operator` applies at a constant rate, and then rests. */
  readonly operatorSeconds: { readonly rate: number; readonly rest: number }
  /** Folder for CPU profiles of `operator`. */
  readonly profile: string | undefined
  readonly check: boolean
  readonly quick: boolean
  readonly json: string | undefined
}

export const USAGE = `Usage: npm run bench [-- options]

Measures Warren against bare Baileys with keys in memory, on the same simulator, in one run on this machine.
A full run takes about fifty minutes, half an hour of it for the operator. One with throughput, idle, open, rest and live
takes a quarter of an hour and writes docs/reference/performance.md, as a full one does.

  --only NAME[,NAME]  only these parts: ${PARTS.join(', ')}
  --rounds N          interleaved rounds (default 5; opening takes at least 7)
  --messages N        texts per burst of the throughput (default 1000)
  --sessions N        processes that lose WhatsApp at the same time (default 100)
  --instances N,N     sizes of fleet for the operator (default 100,1000,5000)
  --profile FOLDER    CPU profiles of the operator, to be read with Chromium's developer tools
  --check             end with 3 when a figure is beyond its bound in bench/src/bounds
  --quick             small numbers, to see that it works; the figures mean nothing
  --json FILE         also write the medians by name to FILE
  --help              this text

Any other and a quick run prints its figures and leaves the page as it is.
`

/** @throws Error with a sentence for the user */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      messages: { type: 'string' },
      sessions: { type: 'string' },
      instances: { type: 'string' },
      profile: { type: 'string' },
      check: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, help, json, check, profile } = values
  const rounds = wholeNumber('rounds', values.rounds, quick ? 2 : 5)
  return {
    ...{ help, quick, json, check, profile, rounds },
    parts: partsOf(values.only),
    messages: wholeNumber('messages', values.messages, quick ? 100 : 1000),
    processes: quick ? 1 : 3,
    openRounds: quick ? 2 : Math.max(7, rounds),
    settleMs: quick ? 2_000 : 20_000,
    seconds: quick ? 3 : 20,
    sessions: wholeNumber('sessions', values.sessions, quick ? 4 : 100),
    outageSeconds: quick ? [2] : [5, 45],
    instances: sizesOf(values.instances, quick ? [20, 60] : [100, 1_000, 5_000]),
    operatorRounds: quick ? 1 : Math.min(rounds, 3),
    operatorSeconds: quick ? { rate: 3, rest: 5 } : { rate: 30, rest: 60 },
  }
}

function partsOf(only: string | undefined): readonly Part[] {
  if (only === undefined) return PARTS
  return only.split(',').map((name) => {
    const part = PARTS.find((known) => known === name.trim())
    if (!part) throw new Error(`--only knows ${PARTS.join(', ')}, not "${name}"`)
    return part
  })
}

function sizesOf(text: string | undefined, otherwise: readonly number[]): readonly number[] {
  if (text === undefined) return otherwise
  const sizes = text.split(',').map((part) => wholeNumber('instances', part, 0))
  return sizes.toSorted((a, b) => a - b)
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} takes a whole number above 0, not "${text}"`)
  return value
}

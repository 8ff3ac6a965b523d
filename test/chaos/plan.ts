/** What goes wrong and when, as a pure function of the seed: the same seed is the same plan. */
import { createRandom } from './random.ts'

/** What a scenario strikes: one session, so that several run side by side, or all, alone. */
export type Scope = 'session' | 'all'

export type PlannedFault = {
  readonly scenario: string
  /** Index of the session it strikes; absent when it strikes all. */
  readonly session?: number
  /** Seed of its own choices: how long, which code. */
  readonly seed: number
}

/** Faults that happen at the same time. */
export type Wave = readonly PlannedFault[]

export type PlanOptions = {
  readonly seed: number
  readonly faults: number
  readonly sessions: number
  /** Faults of single sessions at the same time, at most. */
  readonly width: number
  readonly scenarios: readonly { readonly name: string; readonly scope: Scope }[]
}

/** Every scenario comes equally often, give or take one: they are drawn from a deck that is shuffled anew when it is empty. */
export function planOf({ seed, faults, sessions, width, scenarios }: PlanOptions): Wave[] {
  const random = createRandom(seed)
  const waves: Wave[] = []
  let deck: PlanOptions['scenarios'] = []
  let together: PlannedFault[] = []
  let free = random.shuffled([...Array(sessions).keys()])

  function endWave(): void {
    if (together.length > 0) waves.push(together)
    together = []
    free = random.shuffled([...Array(sessions).keys()])
  }

  for (let count = 0; count < faults; count++) {
    if (deck.length === 0) deck = random.shuffled(scenarios)
    const [card, ...rest] = deck
    if (!card) break
    deck = rest
    const fault = { scenario: card.name, seed: random.int(1, 2 ** 31) }
    if (card.scope === 'all') {
      waves.push([fault])
      continue
    }
    const session = free.pop()
    if (session !== undefined) together.push({ ...fault, session })
    if (free.length === 0 || together.length >= width) endWave()
  }
  endWave()
  return waves
}

import type { Scope } from '../plan.ts'
import type { Random } from '../random.ts'
import type { Session } from '../stack/session.ts'
import type { Stack } from '../stack/stack.ts'

/** What was done, in a few words with its figures, and when it was over on the monotonic clock. */
export type Struck = { readonly what: string; readonly endedMs: number }

/** One kind of fault. */
export type Scenario = {
  readonly name: string
  readonly scope: Scope
  /** Resolves when the fault is over and nothing hinders the product any more. */
  readonly strike: (stack: Stack, sessions: readonly Session[], random: Random) => Promise<Struck>
}

/** Strikes one session; several such faults go on side by side. */
export function onSession(
  name: string,
  strike: (stack: Stack, session: Session, random: Random) => Promise<string>,
): Scenario {
  return {
    name,
    scope: 'session',
    async strike(stack, [session], random) {
      if (!session) throw new Error(`${name} needs a session`)
      const what = await strike(stack, session, random)
      return { what, endedMs: performance.now() }
    },
  }
}

/** Strikes everything, alone. */
export function onAll(name: string, strike: (stack: Stack, random: Random) => Promise<string>): Scenario {
  return {
    name,
    scope: 'all',
    async strike(stack, _sessions, random) {
      const what = await strike(stack, random)
      return { what, endedMs: performance.now() }
    },
  }
}

export const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

import type { ConditionReason } from '@warren/contracts'

/** Why an instance that is to run gets no pod. */
export type Obstacle = { readonly reason: ConditionReason<'Scheduled'>; readonly message: string }

/** What the pod controller last found in the way of each instance, for its status. */
export type Verdicts = {
  /** Null when nothing is in the way, undefined when it was not looked at yet. */
  get(key: string): Obstacle | null | undefined
  /** Returns whether that is news. */
  set(key: string, obstacle: Obstacle | null): boolean
  forget(key: string): void
}

export function createVerdicts(): Verdicts {
  const verdicts = new Map<string, Obstacle | null>()
  return {
    get: (key) => verdicts.get(key),
    set(key, obstacle) {
      const before = verdicts.get(key)
      verdicts.set(key, obstacle)
      return before?.message !== obstacle?.message || before === undefined
    },
    forget: (key) => void verdicts.delete(key),
  }
}

import type { Bound } from './beyond-bounds.ts'

/** Of the part `operator`; each with the runs behind it. */
export const OPERATOR_BOUNDS: Readonly<Record<string, Bound>> = {
  operator_idle_writes_per_min: { atMost: 0 },
}

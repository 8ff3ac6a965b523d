/** What a figure must not cross: a target says what is wished for, a bound what was reached and must not be lost unnoticed. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number }

/** A sentence for each figure that is beyond its bound; figures that were not measured have none. */
export function beyondBounds(
  medians: Readonly<Record<string, number>>,
  bounds: Readonly<Record<string, Bound>>,
): string[] {
  return Object.entries(bounds).flatMap(([key, bound]) => {
    const value = medians[key]
    if (value === undefined) return []
    const within = 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost
    const words = 'atLeast' in bound ? `at least ${bound.atLeast}` : `at most ${bound.atMost}`
    return within ? [] : [`${key} is beyond its bound: ${value.toFixed(2)}, and it is to be ${words}`]
  })
}

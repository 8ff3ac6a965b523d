/** What a measurement hands over: values per variant and round, and what is to be read from them. */
import { median, pairwise } from './stats.ts'

/** A design target; it is shown, and never fails the run. */
export type Target = { readonly atLeast: number } | { readonly atMost: number } | { readonly below: number }

export type Ratio = {
  /** Name in the JSON output. */
  readonly key: string
  readonly of: string
  readonly over: string
  readonly target?: Target
}

export type Figure = {
  readonly title: string
  readonly unit: string
  /** Decimals of the values. */
  readonly digits: number
  /** Values by variant, one a round, in the order of the rounds. */
  readonly values: Readonly<Record<string, readonly number[]>>
  readonly ratios?: readonly Ratio[]
  /** Values of a variant that count by themselves. */
  readonly absolute?: { readonly key: string; readonly of: string; readonly target?: Target }
}

/** The ratio of two variants in each round that both took part in. */
export function ratiosOf(figure: Figure, ratio: Ratio): number[] {
  return pairwise(figure.values[ratio.of] ?? [], figure.values[ratio.over] ?? [])
}

/** Median by name, over all figures. */
export function mediansOf(figures: readonly Figure[]): Record<string, number> {
  const medians: Record<string, number> = {}
  for (const figure of figures) {
    for (const ratio of figure.ratios ?? []) medians[ratio.key] = median(ratiosOf(figure, ratio))
    const { absolute } = figure
    if (absolute) medians[absolute.key] = median(figure.values[absolute.of] ?? [])
  }
  return medians
}

/** Measured things, and sentences that a reader of the numbers needs. */
export type Measurement = { readonly figures: readonly Figure[]; readonly remarks: readonly string[] }

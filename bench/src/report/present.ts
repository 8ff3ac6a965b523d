/** Figures as rows of text, for the terminal and for the page alike. */
import { type Figure, ratiosOf, type Target } from '../figure.ts'
import { median, type Spread, spread } from '../stats.ts'

export type Row = readonly [what: string, min: string, median: string, max: string, target: string]

export const HEAD: Row = ['', 'min', 'median', 'max', 'target']

/** A row a variant, then a row a ratio. */
export function rowsOf(figure: Figure): Row[] {
  const { values, digits, ratios = [], absolute } = figure
  const measured = Object.entries(values).filter(([, list]) => list.length > 0)
  return [
    ...measured.map(([variant, list]): Row => {
      const target = absolute?.of === variant ? absolute.target : undefined
      return [variant, ...numbers(spread(list), digits), verdict(median(list), target)]
    }),
    ...ratios.map((ratio): Row => {
      const list = ratiosOf(figure, ratio)
      return [`${ratio.of} / ${ratio.over}`, ...numbers(spread(list), 2), verdict(median(list), ratio.target)]
    }),
  ]
}

function numbers({ min, median, max }: Spread, digits: number): [string, string, string] {
  return [min.toFixed(digits), median.toFixed(digits), max.toFixed(digits)]
}

/** The target, and whether the median meets it. */
function verdict(value: number, target: Target | undefined): string {
  if (!target) return ''
  const [sign, bound, met] =
    'atLeast' in target
      ? ['≥', target.atLeast, value >= target.atLeast]
      : 'atMost' in target
        ? ['≤', target.atMost, value <= target.atMost]
        : ['<', target.below, value < target.below]
  return `${sign} ${bound} ${met ? 'met' : 'missed'}`
}

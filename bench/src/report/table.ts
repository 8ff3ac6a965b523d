import type { Figure } from '../figure.ts'
import { HEAD, rowsOf } from './present.ts'

/** All figures as one table for a terminal. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.flatMap((figure) => [
    [`${figure.title}, ${figure.unit}`, '', '', '', ''],
    ...rowsOf(figure).map(([what, ...rest]) => [`  ${what}`, ...rest]),
  ])
  const all = [HEAD, ...rows]
  const widths = HEAD.map((_, column) =>
    // Titles may run over the numbers' columns, which are empty beside them.
    Math.max(...all.filter((row) => row[1] !== '' || column > 0).map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 || column === 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}

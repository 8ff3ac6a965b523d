/** Rows in columns with two spaces or more between them, the way kubectl prints. The first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => pad(cell, (widths[column] ?? 0) + 3))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

const pad = (cell: string, width: number) => cell + ' '.repeat(Math.max(0, width - [...cell].length))

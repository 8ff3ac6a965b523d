/**
 * Text of strangers for a terminal, on one line: what could move the cursor, change colours or turn the reading direction is shown as a
 * mark instead.
 */
export function printable(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ⏎ ').replace(UNPRINTABLE, '\u{FFFD}')
}

/** Control characters of both sets, and the overrides of bidirectional text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** Cuts a text to so many columns, with an ellipsis. Counts code points, which is right for most scripts. */
export function cut(text: string, columns: number): string {
  const points = [...text]
  return points.length > columns ? `${points.slice(0, Math.max(columns - 1, 0)).join('')}…` : text
}

import { usageError } from '../errors.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `90s`, `5m`, `1h`, `500ms` in milliseconds. @throws CliError naming the flag */
export function durationMs(flag: string, text: string): number {
  const [, count, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? []
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN)
  if (!(ms > 0)) throw usageError(`--${flag} is a duration such as 30s or 5m, not ${text}.`)
  return ms
}

import { stringify } from 'yaml'

/** What `-o json` and `-o yaml` print. */
export function structured(format: 'json' | 'yaml', value: unknown): string {
  return format === 'json'
    ? JSON.stringify(value, undefined, 2)
    : stringify(value, { lineWidth: 0 }).trimEnd()
}

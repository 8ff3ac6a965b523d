import { ACCESS_FLAGS } from '../access/open.ts'
import type { Flag } from '../command.ts'
import type { Parsed } from './parse.ts'

/**
 * The flags that said where the instances are, for commands in hints: without them a pasted hint would look elsewhere.
 * @returns them with a space in front, quoted for a shell; empty when there were none
 */
export function hereOf(values: Parsed['values']): string {
  return Object.entries<Flag>(ACCESS_FLAGS)
    .flatMap(([name, { short }]) => {
      const value = values[name]
      return typeof value === 'string' ? [` ${short ? `-${short}` : `--${name}`} ${quoted(value)}`] : []
    })
    .join('')
}

const quoted = (text: string) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

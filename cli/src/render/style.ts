import { styleText } from 'node:util'
import type { OutputStream } from '../io.ts'

type Format = Parameters<typeof styleText>[0]
export type Style = (format: Format, text: string) => string

export const plain: Style = (_format, text) => text

/** Colours at a terminal, unless `NO_COLOR` is set or the terminal is dumb. */
export function styleFor(stream: OutputStream, env: Readonly<Record<string, string | undefined>>): Style {
  const coloured = stream.isTTY === true && env.TERM !== 'dumb' && !env.NO_COLOR
  return coloured ? (format, text) => styleText(format, text, { validateStream: false }) : plain
}

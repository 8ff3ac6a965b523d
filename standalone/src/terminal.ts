import { styleText } from 'node:util'

type Stream = { write(text: string): unknown; isTTY?: boolean; columns?: number }
type Format = Parameters<typeof styleText>[0]

/** A step that takes a while: shown while it runs, replaced by its result. */
export type Step = {
  /** A line about what takes long, such as a download. */
  note(text: string): void
  done(detail: string): void
}

/** What a person sees. Without a terminal or with `NO_COLOR` it is plain lines, one a fact. */
export type Terminal = {
  line(text?: string): void
  heading(text: string): void
  /** A label and something about it, in columns. */
  row(label: string, text: string): void
  step(label: string): Step
  success(text: string): void
  warn(text: string): void
  fail(text: string): void
  style(format: Format, text: string): string
  /** Whether it has colours: a QR then is black on white whatever the terminal's own colours are. */
  readonly coloured: boolean
}

const LABEL_COLUMNS = 12

export function createTerminal(stream: Stream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const live = stream.isTTY === true && env.TERM !== 'dumb'
  const coloured = live && !env.NO_COLOR
  const style = (format: Format, text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text
  let pending = ''

  function line(text = ''): void {
    stream.write(`${live && pending ? '\r\x1b[2K' : ''}${text}\n`)
    if (live && pending) stream.write(pending)
  }
  const row = (label: string, text: string) => line(`  ${style('bold', label.padEnd(LABEL_COLUMNS))} ${text}`)

  return {
    line,
    row,
    style,
    coloured,
    heading(text) {
      line()
      line(style('bold', text))
    },
    step(label) {
      const beganMs = performance.now()
      if (live) {
        pending = `  ${style('cyan', '…')} ${label}`
        stream.write(pending)
      }
      return {
        note: (text) => line(`    ${style('dim', text)}`),
        done(detail) {
          if (live) stream.write('\r\x1b[2K')
          pending = ''
          const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1)
          line(
            `  ${style('green', '✔')} ${label.padEnd(LABEL_COLUMNS)} ${detail} ${style('dim', `${seconds} s`)}`,
          )
        },
      }
    },
    success: (text) => line(`  ${style('green', '✔')} ${text}`),
    warn: (text) => line(`  ${style('yellow', '!')} ${text}`),
    fail(text) {
      if (live && pending) stream.write('\r\x1b[2K')
      pending = ''
      line(`${style('red', 'warren:')} ${text}`)
    },
  }
}

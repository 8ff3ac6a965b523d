import type { ReadStream } from 'node:tty'
import { CliError, EXIT, usageError } from './errors.ts'

/**
 * Asks for one line that is not shown while it is typed.
 * @throws CliError without a terminal, and for Ctrl-C
 */
export function askHidden(
  question: string,
  { stdin, stderr }: { stdin: ReadStream; stderr: { write(text: string): unknown } },
): Promise<string> {
  if (!stdin.isTTY) throw usageError('The password is asked for at a terminal; without one use --with-token.')
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.resume()
  return new Promise((resolve, reject) => {
    let typed = ''
    function read(bytes: Buffer): void {
      for (const key of bytes.toString()) {
        const entered = key === '\r' || key === '\n'
        if (!entered && key !== '\u0003' && key !== '\u0004') {
          typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : typed + key
          continue
        }
        stdin.off('data', read)
        stdin.setRawMode(false)
        stdin.pause()
        stderr.write('\n')
        if (entered) resolve(typed)
        else reject(new CliError(EXIT.interrupted, 'Nothing was asked of the server.'))
        return
      }
    }
    stdin.on('data', read)
  })
}

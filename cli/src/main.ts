/** The process of the command line. */
import { homedir } from 'node:os'
import { systemClock } from '@warren/runtime/clock'
import { askHidden } from './ask-hidden.ts'
import type { Program } from './command.ts'
import { EXIT } from './errors.ts'
import { run } from './run.ts'

/** @param program under which name it was called: as a plugin of kubectl, or by itself */
export async function main(program: 'kubectl-wa' | 'warren'): Promise<void> {
  const wa: Program = program === 'kubectl-wa' ? 'kubectl wa' : 'warren'
  const interrupted = new AbortController()
  process.on('SIGINT', () => {
    // The second one does not wait.
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted)
    interrupted.abort()
  })
  // What reads our output may have seen enough, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
  )
  const { stdin, stdout, stderr, env } = process
  const code = await run(process.argv.slice(2), wa, {
    ...{ stdin, stdout, stderr, env },
    home: homedir(),
    clock: systemClock,
    signal: interrupted.signal,
    askHidden: (question) => askHidden(question, { stdin, stderr }),
  })
  // A pipe takes what was written in its own time; connections that are still open need not.
  await new Promise((resolve) => stdout.write('', resolve))
  process.exit(code)
}

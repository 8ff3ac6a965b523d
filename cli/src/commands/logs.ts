import type { Command } from '../command.ts'
import { NAME } from '../command.ts'
import { EXIT, usageError } from '../errors.ts'

export const logs: Command = {
  name: 'logs',
  operands: [NAME],
  flags: {
    follow: { type: 'boolean', short: 'f', description: 'Go on until Ctrl-C.' },
    tail: { type: 'string', value: 'LINES', description: 'Only so many of the last lines.' },
    previous: { type: 'boolean', short: 'p', description: 'Of the process before, when it ended.' },
  },
  reaches: true,
  summary: 'The log of the session process',
  description: 'With Kubernetes only: REST has no logs.',
  examples: ['{wa} logs alice -f', '{wa} logs alice --previous --tail 50'],
  async run(call) {
    const tail = call.text('tail')
    if (tail !== undefined && !/^\d{1,7}$/.test(tail))
      throw usageError(`--tail is a number of lines, not ${tail}.`)
    const access = await call.open()
    const { io } = call
    const lines = await access.logs(
      call.operand('NAME'),
      {
        follow: call.is('follow'),
        previous: call.is('previous'),
        ...(tail === undefined ? {} : { tailLines: Number(tail) }),
      },
      io.signal,
    )
    for await (const chunk of lines) io.stdout.write(chunk)
    return EXIT.ok
  },
}

import type { Command } from '../command.ts'
import { EXIT } from '../errors.ts'

export const VERSION = '0.1.0'

export const version: Command = {
  name: 'version',
  operands: [],
  flags: {},
  reaches: false,
  summary: 'The version of this program',
  examples: ['{wa} version'],
  async run(call) {
    call.print(`${call.wa} ${VERSION} (Node ${process.versions.node})`)
    return EXIT.ok
  },
}

import type { Command } from '../command.ts'
import { NAME, STRUCTURED } from '../command.ts'
import { EXIT } from '../errors.ts'
import { structured } from '../render/json-yaml.ts'
import { statusTree } from '../render/status-tree.ts'

export const status: Command = {
  name: 'status',
  aliases: ['describe'],
  operands: [NAME],
  flags: STRUCTURED,
  reaches: true,
  summary: 'What is wrong with an instance, since when, what to do',
  examples: ['{wa} status alice', '{wa} status alice -o json'],
  async run(call) {
    const instance = await (await call.open()).get(call.operand('NAME'))
    const format = call.text('output')
    if (format === 'json' || format === 'yaml') call.print(structured(format, instance.raw))
    else {
      const { wa, here, style } = call
      call.print(statusTree(instance, { now: call.io.clock.now(), style, wa, here }))
    }
    return EXIT.ok
  },
}

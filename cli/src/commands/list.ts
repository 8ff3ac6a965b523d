import type { SessionAccess } from '../access/port.ts'
import type { Call, Command } from '../command.ts'
import { OUTPUT } from '../command.ts'
import { EXIT } from '../errors.ts'
import { instanceTable } from '../render/instance-table.ts'
import { structured } from '../render/json-yaml.ts'

export const list: Command = {
  name: 'list',
  aliases: ['get', 'ls'],
  operands: [{ name: 'NAME', optional: true }],
  flags: {
    'all-namespaces': { type: 'boolean', short: 'A', description: 'In all namespaces.' },
    ...OUTPUT,
  },
  reaches: true,
  summary: 'List instances, or show one',
  examples: ['{wa} list', '{wa} list -A -o wide', '{wa} get alice -o yaml'],
  async run(call) {
    const access = await call.open()
    const name = call.operand('NAME')
    await (name === '' ? printAll(call, access) : printOne(call, access, name))
    return EXIT.ok
  },
}

async function printOne(call: Call, access: SessionAccess, name: string): Promise<void> {
  const instance = await access.get(name)
  const format = call.text('output')
  if (format === 'json' || format === 'yaml') return call.print(structured(format, instance.raw))
  call.print(
    instanceTable([instance], { now: call.io.clock.now(), wide: format === 'wide', namespaces: false }),
  )
}

async function printAll(call: Call, access: SessionAccess): Promise<void> {
  const everywhere = call.is('all-namespaces')
  const found = await access.list(everywhere)
  const format = call.text('output')
  if (format === 'json' || format === 'yaml') {
    const items = found.map(({ raw }) => raw)
    const kind = access.kind === 'kubernetes' ? { apiVersion: 'v1', kind: 'List' } : {}
    return call.print(structured(format, { ...kind, items }))
  }
  if (found.length === 0) {
    const where = !everywhere && access.namespace !== undefined ? ` in namespace ${access.namespace}` : ''
    return call.note(`There are no instances${where}. Make one: ${call.wa} create NAME --help`)
  }
  const namespaces = everywhere || access.kind === 'rest'
  call.print(instanceTable(found, { now: call.io.clock.now(), wide: format === 'wide', namespaces }))
}

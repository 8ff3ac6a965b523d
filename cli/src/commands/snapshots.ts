import type { Snapshot } from '@warren/contracts'
import type { Command } from '../command.ts'
import { NAME, STRUCTURED } from '../command.ts'
import { EXIT } from '../errors.ts'
import { ago } from '../render/duration.ts'
import { structured } from '../render/json-yaml.ts'
import { printable } from '../render/printable.ts'
import { table } from '../render/table.ts'

const row = ({ id, at, reason, whole, account, obstacle }: Snapshot, now: Date): string[] => [
  id,
  ago(at, now),
  reason,
  whole ? 'earlier link' : 'credentials',
  account?.phone ?? '',
  printable(obstacle ?? 'yes'),
]

export const snapshots: Command = {
  name: 'snapshots',
  operands: [NAME],
  flags: STRUCTURED,
  reaches: true,
  summary: 'List snapshots of the credentials of an instance',
  examples: ['{wa} snapshots alice'],
  async run(call) {
    const name = call.operand('NAME')
    const items = await (await call.open()).snapshots(name)
    const format = call.text('output')
    if (format === 'json' || format === 'yaml') call.print(structured(format, { items }))
    else if (items.length === 0) call.note(`There are no snapshots of ${name} yet.`)
    else {
      const header = ['SNAPSHOT', 'AGE', 'TAKEN FOR', 'HOLDS', 'PHONE', 'RESTORABLE']
      call.print(table([header, ...items.map((one) => row(one, call.io.clock.now()))]))
    }
    return EXIT.ok
  },
}

export const restore: Command = {
  name: 'restore',
  operands: [NAME, { name: 'SNAPSHOT' }],
  flags: {},
  reaches: true,
  summary: 'Go on with the credentials of a snapshot',
  description:
    'The connection is closed, a snapshot of what is there is taken, and the session connects with what it is given.',
  examples: ['{wa} restore alice 20261121-181233.123'],
  async run(call) {
    const [name, snapshot] = [call.operand('NAME'), call.operand('SNAPSHOT')]
    await (await call.open()).restore(name, snapshot)
    call.print(`instance ${name} restored, connecting`)
    return EXIT.ok
  },
}

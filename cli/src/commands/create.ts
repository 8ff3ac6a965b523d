import type { NewInstance } from '../access/port.ts'
import type { Call, Command } from '../command.ts'
import { NAME, STRUCTURED } from '../command.ts'
import { EXIT } from '../errors.ts'
import { structured } from '../render/json-yaml.ts'

export const create: Command = {
  name: 'create',
  operands: [NAME],
  flags: {
    organization: {
      type: 'string',
      value: 'ID',
      description: 'The tenant that owns the account. Needed with Kubernetes; over REST the token tells.',
    },
    'display-name': { type: 'string', value: 'TEXT', description: 'A name for people.' },
    method: { type: 'string', choices: ['QR', 'Code'], description: 'How it begins to pair.' },
    phone: { type: 'string', value: 'NUMBER', description: 'Only this number may be linked.' },
    'max-attempts': { type: 'string', value: '1-6', description: 'QRs shown before it waits for a person.' },
    'deletion-policy': {
      type: 'string',
      choices: ['Retain', 'Logout', 'Delete'],
      description: 'What becomes of the link when the instance is deleted.',
    },
    suspended: { type: 'boolean', description: 'Without a session, until it is resumed.' },
    ...STRUCTURED,
  },
  reaches: true,
  summary: 'Make an instance; its session waits for a phone',
  description: 'Over REST the server names the instance, and NAME is its display name.',
  examples: [
    '{wa} create alice --organization acme',
    '{wa} create alice --organization acme --method Code --phone 491701234567',
  ],
  async run(call) {
    const access = await call.open()
    const created = await access.create(call.operand('NAME'), wantedBy(call))
    const format = call.text('output')
    if (format === 'json' || format === 'yaml') call.print(structured(format, created.raw))
    else call.print(`instance ${created.name} created`)
    if (created.operatingMode === 'Running')
      call.note(`Link a phone: ${call.wa} qr ${created.name}${call.here}`)
    return EXIT.ok
  },
}

/** The server checks the values: its sentences name the limits. */
function wantedBy(call: Call): NewInstance {
  const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
    value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
  const attempts = call.text('max-attempts')
  const pairing = {
    ...given('method', call.text('method') as 'QR' | 'Code' | undefined),
    ...given('phoneNumber', call.text('phone')?.replace(/[\s().+-]/g, '')),
    ...given('maxAttempts', attempts === undefined ? undefined : Number(attempts)),
  }
  return {
    ...given('organization', call.text('organization')),
    ...given('displayName', call.text('display-name')),
    ...given('deletionPolicy', call.text('deletion-policy') as NewInstance['deletionPolicy']),
    ...(call.is('suspended') ? { operatingMode: 'Suspended' } : {}),
    ...(Object.keys(pairing).length > 0 ? { pairing } : {}),
  }
}

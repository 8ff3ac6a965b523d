import type { Command } from '../command.ts'
import { NAME } from '../command.ts'
import { usageError } from '../errors.ts'
import { PAIRING_FLAGS, pairInTerminal } from './pairing.ts'

export const pair: Command = {
  name: 'pair',
  operands: [NAME],
  flags: {
    phone: {
      type: 'string',
      value: 'NUMBER',
      description: 'International number of the phone; by default the one of the instance’s spec.',
    },
    ...PAIRING_FLAGS,
  },
  reaches: true,
  summary: 'Link a phone by an eight-character code, and wait',
  description:
    'On the phone: WhatsApp, Settings, Linked devices, Link a device, Link with phone number instead. Ends with 0 when the account is connected, with 5 when the code was not typed in time.',
  examples: ['{wa} pair alice --phone +491701234567'],
  run(call) {
    const given = call.text('phone')
    const phoneNumber = given?.replace(/[\s().+-]/g, '')
    if (phoneNumber !== undefined && !/^[1-9]\d{4,19}$/.test(phoneNumber))
      throw usageError(`--phone is an international number such as +491701234567, not ${given}.`)
    return pairInTerminal(
      call,
      { method: 'code', ...(phoneNumber === undefined ? {} : { phoneNumber }) },
      ({ code = '' }) => {
        call.print(`Code: ${call.style('bold', `${code.slice(0, 4)}-${code.slice(4)}`)}`)
        call.note('Type it on the phone: WhatsApp, Linked devices, Link with phone number instead.')
      },
    )
  },
}

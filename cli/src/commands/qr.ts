import type { PairingView } from '../access/port.ts'
import type { Command } from '../command.ts'
import { NAME } from '../command.ts'
import { qrLines } from '../render/qr.ts'
import { PAIRING_FLAGS, pairInTerminal } from './pairing.ts'

export const qr: Command = {
  name: 'qr',
  operands: [NAME],
  flags: {
    ...PAIRING_FLAGS,
    invert: {
      type: 'boolean',
      description: 'For a dark terminal without colours, where phones do not read it.',
    },
  },
  reaches: true,
  summary: 'Show the QR to scan, and wait for the phone',
  description:
    'On the phone: WhatsApp, Settings, Linked devices, Link a device. The QR is drawn anew when WhatsApp replaces it. Ends with 0 when the account is connected, with 5 when nobody scanned in time.',
  examples: ['{wa} qr alice', '{wa} qr alice --timeout 10m', '{wa} qr alice --no-wait -o json'],
  run(call) {
    const { stdout } = call.io
    let drawn = 0

    async function draw({ qr: text = '', attempt, maxAttempts, expiresAt }: PairingView): Promise<void> {
      const until =
        expiresAt === undefined ? '' : `, good until ${new Date(expiresAt).toTimeString().slice(0, 8)}`
      const lines = await qrLines(text, { style: call.style, invert: call.is('invert') })
      // In place of the last one, where that is still on the screen.
      if (stdout.isTTY && drawn > 0 && drawn < (stdout.rows ?? 0)) stdout.write(`\x1b[${drawn}A\x1b[J`)
      call.print(
        [
          ...lines,
          '',
          `QR ${attempt} of ${maxAttempts}${until}. Scan it with WhatsApp: Linked devices.`,
        ].join('\n'),
      )
      drawn = lines.length + 2
    }

    return pairInTerminal(call, { method: 'qr' }, draw)
  },
}

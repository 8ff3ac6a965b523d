import { toString as renderQr } from 'qrcode'
import type { Terminal } from './terminal.ts'

/** A QR of half blocks; black on white in any colours that the terminal has, since phones do not read it inverted. */
export async function qrLines(text: string, terminal: Terminal): Promise<string[]> {
  const drawn = await renderQr(text, { type: 'utf8', errorCorrectionLevel: 'L', margin: 2 })
  const lines = drawn.split('\n').filter((line) => line.length > 0)
  return lines.map((line) => `  ${terminal.style(['black', 'bgWhiteBright'], line)}`)
}

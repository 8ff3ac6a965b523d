import { toString as renderQr } from 'qrcode'
import { plain, type Style } from './style.ts'

/** Half blocks, seen as dark for the other colour. */
const INVERTED: Readonly<Record<string, string>> = { ' ': '█', '█': ' ', '▀': '▄', '▄': '▀' }

/**
 * A QR in lines of half blocks. With colours it is black on white whatever the terminal's own colours are, since many phones read nothing
 * else; without, dark modules are drawn in the colour of the text.
 *
 * @param options.invert for a dark terminal without colours: draws the light modules instead
 */
export async function qrLines(text: string, options: { style: Style; invert?: boolean }): Promise<string[]> {
  const drawn = await renderQr(text, { type: 'utf8', errorCorrectionLevel: 'L', margin: 2 })
  const lines = drawn.split('\n').filter((line) => line.length > 0)
  if (options.style !== plain) return lines.map((line) => options.style(['black', 'bgWhiteBright'], line))
  return options.invert
    ? lines.map((line) => [...line].map((block) => INVERTED[block] ?? block).join(''))
    : lines
}

import type { Response } from 'express'
import QRCode from 'qrcode'

/** Answers with the QR as an image. Never kept by a cache: whoever has it can link the account. */
export async function sendQrImage(res: Response, qr: string, type: 'png' | 'svg'): Promise<void> {
  res.set('Cache-Control', 'no-store')
  if (type === 'png') {
    res.type('image/png').send(await QRCode.toBuffer(qr, { type: 'png', width: 512, margin: 2 }))
  } else {
    res.type('image/svg+xml').send(await QRCode.toString(qr, { type: 'svg', margin: 2 }))
  }
}

import { randomBytes } from 'node:crypto'
import { node, SERVER, seconds } from '../../protocol/node.ts'
import type { Subscriber } from '../../world/directory.ts'
import { Refusal } from '../../world/errors.ts'
import type { World } from '../../world/world.ts'
import type { LinkedDevice } from './link.ts'
import { finishLink } from './passkey.ts'

interface QrContent {
  ref: string
  noiseKey: string
  identityKey: string
  advSecret: string
}

const KEY_BASE64 = /^[A-Za-z0-9+/]{43}=$/

/** Reads the text of a QR, with or without the link in front of the fields. */
export const parseQr = (qr: string): QrContent => {
  const [ref, noiseKey, identityKey, advSecret] = (qr.split('#').at(-1) ?? '').split(',')
  if (!ref || !noiseKey || !identityKey || !advSecret) {
    throw new Refusal('qr_malformed', 'a QR has the fields ref,noiseKey,identityKey,advSecret', 'qr')
  }
  if (![noiseKey, identityKey, advSecret].every((key) => KEY_BASE64.test(key))) {
    throw new Refusal('qr_malformed', 'the keys of a QR are 32 bytes in base64', 'qr')
  }
  return { ref, noiseKey, identityKey, advSecret }
}

/** The phone of `subscriber` scans a QR. Refuses as a real phone does; see the codes of {@link Refusal}. */
export const scanQr = async (world: World, subscriber: Subscriber, qr: string): Promise<LinkedDevice> => {
  const content = parseQr(qr)
  const pending = world.pairings.byRef(content.ref)
  if (!pending) {
    throw new Refusal(
      'qr_expired',
      'no connection waits for this QR: it expired, was used, or is unknown',
      'qr',
    )
  }
  const matches =
    pending.noiseKey.toString('base64') === content.noiseKey &&
    Buffer.from(pending.keys.identityKey).toString('base64') === content.identityKey
  if (!matches) throw new Refusal('qr_mismatch', 'the keys in the QR are not those of the connection', 'qr')

  const refreshes = world.faults.effective(subscriber.number).companionRegRefresh
  if (refreshes && pending.retiredSecrets.size === 0) {
    // WhatsApp does this after a scan: the secret in the QR is void, the client must draw a new one.
    pending.retiredSecrets.add(content.advSecret)
    pending.send(
      node(
        'notification',
        { from: SERVER, type: 'companion_reg_refresh', id: randomBytes(6).toString('hex'), t: seconds() },
        [node('companion_reg_refresh')],
      ),
    )
  }
  if (pending.retiredSecrets.has(content.advSecret)) {
    throw new Refusal('could_not_link', "couldn't link device: the secret in the QR was retired", 'qr')
  }
  return finishLink(world, subscriber, pending, Buffer.from(content.advSecret, 'base64'))
}

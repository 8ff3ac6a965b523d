import { createHmac, randomBytes } from 'node:crypto'
import { Curve, proto } from '@whiskeysockets/baileys'
import { node, SERVER, seconds } from '../../protocol/node.ts'
import { verifySignature } from '../../protocol/verify-signature.ts'
import { createDeviceQueue } from '../../world/device-queue.ts'
import { jidOf, type Subscriber } from '../../world/directory.ts'
import { Refusal } from '../../world/errors.ts'
import type { PendingCompanion } from '../../world/pairings.ts'
import { signedIdentityIn } from './registration.ts'

const MAX_COMPANIONS = 4
const ACCOUNT_SIGNATURE_PREFIX = Buffer.from([6, 0])
const DEVICE_SIGNATURE_PREFIX = Buffer.from([6, 1])

/** What the phone tells about a companion that it linked. */
export interface LinkedDevice {
  number: string
  device: number
  jid: string
  lid: string
}

/**
 * Links a companion: the phone signs its identity, the client answers with its own signature, the server asks it to
 * restart. Refuses with `could_not_link` when the client's signature is wrong or it hangs up instead of answering,
 * which it does when the ADV secret is not the one it drew.
 */
export const linkCompanion = async (
  subscriber: Subscriber,
  pending: PendingCompanion,
  advSecret: Uint8Array,
): Promise<LinkedDevice> => {
  if (subscriber.companions.size >= MAX_COMPANIONS) {
    throw new Refusal('too_many_devices', `${subscriber.number} already has ${MAX_COMPANIONS} linked devices`)
  }
  const device = subscriber.nextDevice++
  const keyIndex = subscriber.nextKeyIndex++
  const { identity } = subscriber.phone
  const companionIdentity = pending.keys.identityKey

  const details = proto.ADVDeviceIdentity.encode({
    rawId: randomBytes(4).readUInt32BE(),
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex,
  }).finish()
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: identity.public,
    accountSignature: Curve.sign(
      identity.private,
      Buffer.concat([ACCOUNT_SIGNATURE_PREFIX, details, companionIdentity]),
    ),
  }).finish()
  const content = proto.ADVSignedDeviceIdentityHMAC.encode({
    details: signed,
    hmac: createHmac('sha256', advSecret).update(signed).digest(),
  }).finish()

  const jid = jidOf(subscriber, 'pn', device)
  const lid = jidOf(subscriber, 'lid', device)
  const answer = await pending
    .request(
      node('iq', { from: SERVER, type: 'set', id: randomBytes(6).toString('hex'), t: seconds() }, [
        node('pair-success', {}, [
          node('device-identity', {}, content),
          node('platform', { name: 'android' }),
          node('device', { jid, lid }),
        ]),
      ]),
    )
    .catch(() => undefined)
  if (!answer) throw new Refusal('could_not_link', "couldn't link device: the companion did not confirm")

  const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(signedIdentityIn(answer))
  const message = Buffer.concat([DEVICE_SIGNATURE_PREFIX, details, companionIdentity, identity.public])
  if (!deviceSignature || !verifySignature(companionIdentity, message, deviceSignature)) {
    throw new Refusal('could_not_link', "couldn't link device: the companion's signature is wrong")
  }

  subscriber.companions.set(device, {
    device,
    keyIndex,
    noiseKey: pending.noiseKey,
    keys: pending.keys,
    preKeys: new Map(),
    platform: pending.platform,
    synced: false,
    queue: createDeviceQueue(),
  })
  pending.restart()
  return { number: subscriber.number, device, jid, lid }
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Curve, derivePairingCodeKey, hkdf } from '@whiskeysockets/baileys'
import { childBytes, node, SERVER, seconds } from '../../protocol/node.ts'
import type { Subscriber } from '../../world/directory.ts'
import { Refusal } from '../../world/errors.ts'
import type { PendingCompanion } from '../../world/pairings.ts'
import type { World } from '../../world/world.ts'
import { unsealBundle } from './key-bundle.ts'
import type { LinkedDevice } from './link.ts'
import { finishLink } from './passkey.ts'

const SALT_BYTES = 32
const IV_BYTES = 16
const REQUEST_GRACE_MS = 500

/** The client shows its code without waiting for the server, so a fast caller can be here first. */
const awaitRequest = async (world: World, number: string): Promise<PendingCompanion | undefined> => {
  const deadline = Date.now() + REQUEST_GRACE_MS
  for (;;) {
    const pending = world.pairings.byCodeNumber(number)
    if (pending || Date.now() > deadline) return pending
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The phone of `subscriber` types a pairing code. A wrong code is noticed as on a real phone: nothing decrypts. */
export const enterCode = async (
  world: World,
  subscriber: Subscriber,
  code: string,
): Promise<LinkedDevice> => {
  const pending = await awaitRequest(world, subscriber.number)
  const request = pending?.code
  if (!pending || !request) {
    throw new Refusal('code_not_requested', `no companion asked for a code for ${subscriber.number}`, 'code')
  }
  // People type what they see, and apps show XXXX-XXXX.
  const typed = code.replace(/[-\s]/g, '')
  const { wrappedEphemeral } = request
  const companionSalt = wrappedEphemeral.subarray(0, SALT_BYTES)
  const companionIv = wrappedEphemeral.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES)
  const companionEphemeral = createDecipheriv(
    'aes-256-ctr',
    await derivePairingCodeKey(typed, companionSalt),
    companionIv,
  ).update(wrappedEphemeral.subarray(SALT_BYTES + IV_BYTES))

  const ephemeral = Curve.generateKeyPair()
  const salt = randomBytes(SALT_BYTES)
  const iv = randomBytes(IV_BYTES)
  const key = await derivePairingCodeKey(typed, salt)
  const wrapped = createCipheriv('aes-256-ctr', key, iv).update(ephemeral.public)
  const finish = pending.nextFinish()
  pending.send(
    node(
      'notification',
      { from: SERVER, type: 'link_code_companion_reg', id: randomBytes(6).toString('hex'), t: seconds() },
      [
        node('link_code_companion_reg', { stage: 'primary_hello' }, [
          node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, Buffer.concat([salt, iv, wrapped])),
          node('primary_identity_pub', {}, subscriber.phone.identity.public),
          node('link_code_pairing_ref', {}, Buffer.from(request.ref)),
        ]),
      ],
    ),
  )

  const sealed = childBytes(await finish, 'link_code_pairing_wrapped_key_bundle')
  const sharedKey = Curve.sharedKey(ephemeral.private, companionEphemeral)
  const bundle = unsealBundle(sealed, sharedKey)
  if (!bundle?.companionIdentity.equals(pending.keys.identityKey)) {
    throw new Refusal('code_wrong', 'the code is not the one the companion shows', 'code')
  }
  const identityKey = Curve.sharedKey(subscriber.phone.identity.private, bundle.companionIdentity)
  const secret = hkdf(Buffer.concat([sharedKey, identityKey, bundle.random]), 32, { info: 'adv_secret' })
  return finishLink(world, subscriber, pending, secret)
}

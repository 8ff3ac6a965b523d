import { type BinaryNode, childBytes, node, uintBytes, uintOf } from '../protocol/node.ts'
import type { Companion, Subscriber } from './directory.ts'
import type { KeyBundle } from './signal-device.ts'

const DJB_TYPE = Buffer.from([5])

/** A companion's keys for someone who wants to write to it; takes one of its one-time keys for good. */
export const takeBundle = ({ keys, preKeys }: Companion): KeyBundle => {
  const next = preKeys.entries().next().value
  if (!next) return keys
  preKeys.delete(next[0])
  return { ...keys, preKey: { keyId: next[0], publicKey: next[1] } }
}

/** The keys of any device of a subscriber; undefined when there is no such device. */
export const bundleOf = (subscriber: Subscriber, device: number): KeyBundle | undefined => {
  if (device === 0) return subscriber.behaviour.registered ? subscriber.phone.bundle() : undefined
  const companion = subscriber.companions.get(device)
  return companion && takeBundle(companion)
}

/** The key material of a bundle as WhatsApp writes it: 3-byte ids, 32-byte keys. */
export const bundleNodes = ({ identityKey, signedPreKey, preKey }: KeyBundle): BinaryNode[] => [
  node('type', {}, DJB_TYPE),
  node('identity', {}, identityKey),
  node('skey', {}, [
    node('id', {}, uintBytes(signedPreKey.keyId, 3)),
    node('value', {}, signedPreKey.publicKey),
    node('signature', {}, signedPreKey.signature),
  ]),
  ...(preKey
    ? [node('key', {}, [node('id', {}, uintBytes(preKey.keyId, 3)), node('value', {}, preKey.publicKey)])]
    : []),
]

export const signedPreKeyOf = (skey: BinaryNode | undefined): KeyBundle['signedPreKey'] | undefined =>
  skey && {
    keyId: uintOf(childBytes(skey, 'id')),
    publicKey: childBytes(skey, 'value'),
    signature: childBytes(skey, 'signature'),
  }

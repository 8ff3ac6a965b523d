import { randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import {
  type BinaryNode,
  bytesOf,
  child,
  childBytes,
  firstChild,
  node,
  SERVER,
  uintOf,
} from '../../protocol/node.ts'
import type { PendingCompanion } from '../../world/pairings.ts'
import type { World } from '../../world/world.ts'
import { IqError } from '../iq/iq.ts'
import { replyTo } from '../iq/router.ts'
import { createRequests } from '../requests.ts'
import type { Role, Wire } from '../wire.ts'

const REFS = 6

const signalKeys = (data: proto.ClientPayload.IDevicePairingRegistrationData): PendingCompanion['keys'] => ({
  registrationId: uintOf(Buffer.from(data.eRegid ?? [])),
  identityKey: Buffer.from(data.eIdent ?? []),
  signedPreKey: {
    keyId: uintOf(Buffer.from(data.eSkeyId ?? [])),
    publicKey: Buffer.from(data.eSkeyVal ?? []),
    signature: Buffer.from(data.eSkeySig ?? []),
  },
})

const platformOf = (data: proto.ClientPayload.IDevicePairingRegistrationData): string =>
  proto.DeviceProps.decode(data.deviceProps ?? new Uint8Array()).os ?? 'unknown'

/** Offers QR references to a new companion and keeps it findable until it is linked or gone. */
export const startRegistration = (
  world: World,
  wire: Wire,
  noiseKey: Buffer,
  data: proto.ClientPayload.IDevicePairingRegistrationData,
): Role => {
  const requests = createRequests(wire)
  const gone = new AbortController()
  const pending: PendingCompanion = {
    noiseKey,
    keys: signalKeys(data),
    platform: platformOf(data),
    refs: Array.from({ length: REFS }, () => `2@${randomBytes(48).toString('base64url')}`),
    retiredSecrets: new Set(),
    questions: new Map(),
    gone: gone.signal,
    send: (stanza) => void wire.send(stanza),
    request: requests.send,
    nextFinish: () => requests.expect('companion_finish'),
    restart() {
      wire.send(node('stream:error', { code: '515' }))
      wire.close()
    },
  }
  world.pairings.add(pending)

  const takeCodeRequest = (registration: BinaryNode): BinaryNode[] | undefined => {
    if (registration.attrs.stage === 'companion_finish') {
      requests.settle('companion_finish', registration)
      return undefined
    }
    const number = registration.attrs.jid?.split('@')[0] ?? ''
    const refusal = world.faults.effective(number).refuseCode
    if (refusal !== undefined) throw new IqError(refusal, 'the code is refused')
    const ref = randomBytes(24).toString('base64url')
    pending.code = {
      number,
      ref,
      wrappedEphemeral: childBytes(registration, 'link_code_pairing_wrapped_companion_ephemeral_pub'),
    }
    return [
      node('link_code_companion_reg', { stage: 'companion_hello' }, [
        node('link_code_pairing_ref', {}, Buffer.from(ref)),
      ]),
    ]
  }

  const answer = (asking: BinaryNode | undefined): BinaryNode[] | undefined => {
    if (!asking) return undefined
    return asking.tag === 'link_code_companion_reg'
      ? takeCodeRequest(asking)
      : pending.questions.get(asking.tag)?.(asking)
  }

  wire.send(
    node('iq', { from: SERVER, type: 'set', xmlns: 'md', id: randomBytes(6).toString('hex') }, [
      node(
        'pair-device',
        {},
        pending.refs.map((ref) => node('ref', {}, Buffer.from(ref))),
      ),
    ]),
  )

  return {
    receive(stanza) {
      if (stanza.tag !== 'iq') return
      if (stanza.attrs.type === 'result' || stanza.attrs.type === 'error') {
        requests.settle(stanza.attrs.id ?? '', stanza)
        return
      }
      wire.send(replyTo(stanza, () => answer(firstChild(stanza)), SERVER))
    },
    closed() {
      world.pairings.remove(pending)
      requests.stop()
      gone.abort()
    },
  }
}

/** The signed identity inside the client's answer to pair-success. */
export const signedIdentityIn = (answer: BinaryNode): Buffer =>
  bytesOf(child(child(answer, 'pair-device-sign'), 'device-identity'))

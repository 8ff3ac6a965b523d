import {
  Curve,
  generateRegistrationId,
  generateSignalPubKey,
  type KeyPair,
  signedKeyPair,
} from '@whiskeysockets/baileys'
import { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord, type SignalStorage } from 'libsignal'
import type { DeviceAddress } from './address.ts'
import { createGroupKeys, type GroupKeyState, type GroupKeys } from './group-keys.ts'
import { guardLibsignal } from './guard-libsignal.ts'

/** The public keys someone needs to start a Signal session with a device; keys are 32 bytes without type prefix. */
export interface KeyBundle {
  registrationId: number
  identityKey: Uint8Array
  signedPreKey: { keyId: number; publicKey: Uint8Array; signature: Uint8Array }
  preKey?: { keyId: number; publicKey: Uint8Array } | undefined
}

export interface SignalDeviceState {
  registrationId: number
  identity: KeyPair
  signedPreKey: { keyId: number; keyPair: KeyPair; signature: Uint8Array }
  nextPreKeyId: number
  preKeys: Record<string, KeyPair>
  /** libsignal's serialised records, by device key. */
  sessions: Record<string, unknown>
  /** Absent in states of before there were groups. */
  groupKeys?: GroupKeyState
}

export type CiphertextType = 'pkmsg' | 'msg'

/** A device that the simulator plays itself: it has private keys and holds Signal sessions with the clients. */
export interface SignalDevice {
  identity: KeyPair
  registrationId: number
  /** A bundle for whoever asks, with a one-time pre-key that is never given twice. */
  bundle(): KeyBundle
  hasSession(peer: DeviceAddress): boolean
  /** Starts a new session towards the peer; the next ciphertext is a `pkmsg`. */
  startSession(peer: DeviceAddress, bundle: KeyBundle): Promise<void>
  forgetSession(peer: DeviceAddress): void
  encrypt(peer: DeviceAddress, plain: Uint8Array): Promise<{ type: CiphertextType; ciphertext: Uint8Array }>
  /** Rejects with libsignal's error when no session of the peer can open the ciphertext. */
  decrypt(peer: DeviceAddress, type: CiphertextType, ciphertext: Uint8Array): Promise<Uint8Array>
  readonly groups: GroupKeys
  state(): SignalDeviceState
}

const freshState = (): SignalDeviceState => {
  const identity = Curve.generateKeyPair()
  return {
    registrationId: generateRegistrationId(),
    identity,
    signedPreKey: signedKeyPair(identity, 1),
    nextPreKeyId: 1,
    preKeys: {},
    sessions: {},
  }
}

const storedPair = (pair: KeyPair) => ({
  privKey: Buffer.from(pair.private),
  pubKey: Buffer.from(generateSignalPubKey(pair.public)),
})

const signalStorage = (state: SignalDeviceState): SignalStorage => ({
  async loadSession(id) {
    const stored = state.sessions[id]
    // Deserialised anew each time: a failed decryption leaves its record half changed and must not be kept.
    return stored ? SessionRecord.deserialize(stored as Uint8Array) : undefined
  },
  async storeSession(id, record) {
    state.sessions[id] = record.serialize()
  },
  isTrustedIdentity: () => true,
  async loadPreKey(id) {
    const pair = state.preKeys[String(id)]
    return pair && storedPair(pair)
  },
  removePreKey(id) {
    delete state.preKeys[String(id)]
  },
  loadSignedPreKey: () => storedPair(state.signedPreKey.keyPair),
  getOurRegistrationId: () => state.registrationId,
  getOurIdentity: () => storedPair(state.identity),
})

export const createSignalDevice = (kept?: SignalDeviceState): SignalDevice => {
  guardLibsignal()
  const state = kept ?? freshState()
  const storage = signalStorage(state)
  state.groupKeys ??= {}
  const address = (peer: DeviceAddress) => new ProtocolAddress(peer.number, peer.device)
  const sessionId = (peer: DeviceAddress) => address(peer).toString()
  const cipher = (peer: DeviceAddress) => new SessionCipher(storage, address(peer))

  return {
    identity: state.identity,
    registrationId: state.registrationId,
    bundle() {
      const keyId = state.nextPreKeyId++
      const preKey = Curve.generateKeyPair()
      state.preKeys[keyId] = preKey
      return {
        registrationId: state.registrationId,
        identityKey: state.identity.public,
        signedPreKey: {
          keyId: state.signedPreKey.keyId,
          publicKey: state.signedPreKey.keyPair.public,
          signature: state.signedPreKey.signature,
        },
        preKey: { keyId, publicKey: preKey.public },
      }
    },
    hasSession: (peer) => state.sessions[sessionId(peer)] !== undefined,
    async startSession(peer, bundle) {
      const { preKey, signedPreKey } = bundle
      const session = {
        registrationId: bundle.registrationId,
        identityKey: generateSignalPubKey(bundle.identityKey),
        signedPreKey: { ...signedPreKey, publicKey: generateSignalPubKey(signedPreKey.publicKey) },
        ...(preKey && { preKey: { ...preKey, publicKey: generateSignalPubKey(preKey.publicKey) } }),
      }
      // libsignal accepts a bundle without a one-time key; only its types do not say so.
      type Bundle = Parameters<SessionBuilder['initOutgoing']>[0]
      await new SessionBuilder(storage, address(peer)).initOutgoing(session as Bundle)
    },
    forgetSession(peer) {
      delete state.sessions[sessionId(peer)]
    },
    async encrypt(peer, plain) {
      const { type, body } = await cipher(peer).encrypt(Buffer.from(plain))
      return { type: type === 3 ? 'pkmsg' : 'msg', ciphertext: Buffer.from(body, 'binary') }
    },
    decrypt(peer, type, ciphertext) {
      const bytes = Buffer.from(ciphertext)
      return type === 'pkmsg'
        ? cipher(peer).decryptPreKeyWhisperMessage(bytes)
        : cipher(peer).decryptWhisperMessage(bytes)
    },
    groups: createGroupKeys(state.groupKeys),
    state: () => state,
  }
}

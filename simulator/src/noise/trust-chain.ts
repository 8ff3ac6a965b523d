import { Curve, type KeyPair, proto } from '@whiskeysockets/baileys'

/** Everything that must be kept so that clients trust the server again after a restart. */
export interface TrustChainState {
  root: KeyPair
  intermediate: KeyPair
  server: KeyPair
}

export interface TrustChain {
  /** What a client must be told to trust: 32 bytes, without the 05 type prefix. */
  rootPublicKey: Uint8Array
  serverKey: KeyPair
  /** The encoded `CertChain` that the server hello carries. */
  certificate: Uint8Array
  state: TrustChainState
}

const DAY_SECONDS = 86_400
const LEAF_SERIAL = 2
const INTERMEDIATE_SERIAL = 1
/** Baileys compares this with `WA_CERT_DETAILS.SERIAL`, which is 0. */
const ROOT_SERIAL = 0

const certificate = (
  subject: { serial: number; issuerSerial: number; key: Uint8Array },
  issuer: KeyPair,
): proto.CertChain.INoiseCertificate => {
  const now = Math.floor(Date.now() / 1000)
  const details = proto.CertChain.NoiseCertificate.Details.encode({
    ...subject,
    notBefore: now - DAY_SECONDS,
    notAfter: now + 3650 * DAY_SECONDS,
  }).finish()
  return { details, signature: Curve.sign(issuer.private, details) }
}

/** Builds root, intermediate and leaf: the root signs the intermediate, which signs the server's static key. */
export const createTrustChain = (kept?: TrustChainState): TrustChain => {
  const state = kept ?? {
    root: Curve.generateKeyPair(),
    intermediate: Curve.generateKeyPair(),
    server: Curve.generateKeyPair(),
  }
  const chain = proto.CertChain.encode({
    leaf: certificate(
      { serial: LEAF_SERIAL, issuerSerial: INTERMEDIATE_SERIAL, key: state.server.public },
      state.intermediate,
    ),
    intermediate: certificate(
      { serial: INTERMEDIATE_SERIAL, issuerSerial: ROOT_SERIAL, key: state.intermediate.public },
      state.root,
    ),
  }).finish()
  return { rootPublicKey: state.root.public, serverKey: state.server, certificate: chain, state }
}
